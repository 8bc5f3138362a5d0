//! Stories through the public doors, each told on SQLite and on PostgreSQL.

mod check;
mod house;
mod reads;
mod schema;
mod store;
mod support;
