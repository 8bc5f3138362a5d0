//! The GraphQL schema: it translates. What may be done is decided in `program`, what is seen in `sight`.
//!
//! One file a story, with its types, inputs, payloads and its share of the roots. Types wrap their rows and live in
//! `nodes`, so that stories can show each other's without importing one another.

pub mod access;
pub mod agents;
pub mod applications;
pub mod audit_log;
pub mod balances;
pub mod catalogue;
pub mod charges;
pub mod commission_rates;
pub mod commissions;
pub mod connection;
pub mod context;
pub mod cursor;
pub mod customers;
pub mod error;
pub mod fault;
pub mod fraud;
mod gathering;
pub mod given;
pub mod ledger_check;
pub mod limits;
pub mod loaders;
pub mod machines;
pub mod mutations;
pub mod nodes;
pub mod payouts;
pub mod people;
pub mod period;
pub mod plans;
pub mod program;
pub mod proposals;
pub mod rate_preview;
pub mod refetch;
pub mod reports;
pub mod scalars;
pub mod schema;
pub mod seen;
pub mod sight;
pub mod standing;
pub mod statements;
pub mod subscriptions;
pub mod top_ups;
pub mod transactions;
pub mod transfers;

pub use context::Services;
pub use cursor::{Place, Position};
pub use schema::{Api, sdl};
