//! Stories through the public doors, each told on SQLite and on PostgreSQL.

mod auth;
mod check;
mod demo;
mod house;
mod http;
mod live;
mod reads;
mod schema;
mod socket;
mod store;
mod support;
