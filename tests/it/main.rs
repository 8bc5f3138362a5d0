//! Stories through the public doors, each told on SQLite and on PostgreSQL.

#[macro_use]
mod support;

mod applications;
mod auth;
mod catalogue;
mod charges;
mod check;
mod commissions;
mod demo;
mod house;
mod http;
mod live;
mod payments;
mod people;
mod plans;
mod purchases;
mod rates;
mod reads;
mod report_pages;
mod reports;
mod schema;
mod sessions;
mod socket;
mod store;
mod transactions;
