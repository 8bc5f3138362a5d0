//! Stories through the public doors, each told on SQLite and on PostgreSQL.

#[macro_use]
mod support;

mod adjustments;
mod applications;
mod auth;
mod bad_input;
mod catalogue;
mod chargebacks;
mod charges;
mod check;
mod commissions;
mod demo;
mod documents;
mod fraud;
mod growth;
mod guessing;
mod house;
mod http;
mod idempotency;
mod kill;
mod live;
mod payments;
mod payout_states;
mod payouts;
mod people;
mod plans;
mod purchases;
mod rate_previews;
mod rates;
mod reads;
mod report_pages;
mod reports;
mod schema;
mod sessions;
mod sheets;
mod signed_out;
mod socket;
mod statements;
mod store;
mod storm;
mod strangers;
mod streams;
mod top_ups;
mod transactions;
mod transfers;
