//! SQL, and the one place where SQLite and `PostgreSQL` differ.

pub mod bulk;
mod db;
pub mod locks;
mod news;
mod news_wire;
pub mod pages;
pub mod reports;

pub use db::Db;
pub use news::{News, Newsroom, Stream};
