//! The nouns of the agent program: values that know their own law, and rows as the database holds them.

#![expect(
    clippy::disallowed_methods,
    reason = "the derived active models begin transactions of their own; nobody calls them"
)]

#[macro_use]
mod text_enum;

pub mod account_event;
pub mod affiliation;
pub mod agent;
pub mod agent_balance;
pub mod agent_event;
pub mod agent_slot;
pub mod agent_standing;
pub mod api_key;
pub mod application;
pub mod assignment;
pub mod audit_entry;
pub mod call_rate;
pub mod chain;
pub mod chain_link;
pub mod charge;
pub mod claim;
pub mod commission;
pub mod commission_rate;
pub mod customer;
pub mod customer_balance;
pub mod customer_day;
pub mod desk;
pub mod desk_event;
pub mod entry;
pub mod fraud_case;
pub mod fraud_case_charge;
pub mod idempotency;
pub mod login;
pub mod payout;
pub mod plan;
pub mod product;
pub mod proposal;
pub mod refresh_token;
pub mod session;
pub mod top_up;
pub mod transaction;
pub mod transfer;

mod values;

pub use values::*;
