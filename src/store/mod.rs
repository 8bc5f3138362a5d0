//! SQL, and the one place where SQLite and `PostgreSQL` differ.

pub mod affiliations;
pub mod agents;
pub mod applications;
pub mod audit;
mod backup;
pub mod bulk;
pub mod catalogue;
pub mod charges;
pub mod commissions;
pub mod customers;
mod db;
pub mod fraud_cases;
pub mod histories;
pub mod instants;
pub mod locks;
pub mod machines;
mod news;
mod news_wire;
pub mod pages;
pub mod parts;
pub mod payouts;
pub mod plans;
pub mod proposals;
pub mod reports;
mod search;
pub mod statements;
pub mod top_ups;
pub mod transactions;
pub mod transfers;

pub use backup::{NoBackup, backup};
pub use db::Db;
pub use news::{News, Newsroom, Stream};
