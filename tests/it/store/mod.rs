//! The floor where SQLite and `PostgreSQL` differ: the same on both for those above.

mod bulk;
mod locks;
mod news;
mod rows;
mod schema;
