//! The server behind a telephone provider's agent program.
//!
//! Imports run down only: `http` → `graphql` → `live`, `registry`, `sheets`, `ledger`, `payments`, `auth` → `store` → `program` →
//! the `entity` crate. `ARCHITECTURE.md` walks a charge, a transfer and a subscription through them.

pub mod app;
pub mod auth;
pub mod clock;
pub mod config;
pub mod demo;
pub mod error;
pub mod graphql;
pub mod http;
pub mod ledger;
pub mod live;
pub mod payments;
pub mod program;
pub mod registry;
pub mod sheets;
pub mod store;

pub use clock::Clock;
pub use error::Error;
