//! Stories through the public doors, each told on SQLite and on PostgreSQL.

#[macro_use]
mod support;

mod applications;
mod auth;
mod catalogue;
mod check;
mod demo;
mod house;
mod http;
mod live;
mod people;
mod rates;
mod reads;
mod schema;
mod sessions;
mod socket;
mod store;
