//! The history of the database, oldest first: one thought a file, in plain strings. What landed never changes.
//!
//! The same on SQLite and `PostgreSQL`. Amounts are counts of 1/10000 of the currency, rates basis points, instants UTC.

pub use sea_orm_migration::{Migration, MigrationStatus, MigratorTrait};

use sea_orm_migration::MigrationTrait;

mod m20261101_000001_people;
mod m20261101_000002_applications;
mod m20261101_000003_agents_and_customers;
mod m20261101_000004_catalogue;
mod m20261101_000005_ledger;
mod m20261101_000006_charges_and_commissions;
mod m20261101_000007_money_in;
mod m20261101_000008_transfers;
mod m20261101_000009_payouts;
mod m20261101_000010_events;
mod m20261101_000011_roll_ups;
mod m20261101_000012_idempotency;
mod m20261125_000013_wider_words;
mod m20261125_000014_fraud_cases;
mod m20261125_000015_proposals;
mod m20261125_000016_standings;
mod m20261125_000017_audit_log;
mod m20261125_000018_chain;
mod m20261125_000019_where_sessions_come_from;
mod m20261125_000020_an_agents_share_of_a_customers_charges;
mod m20261125_000021_the_order_of_an_agents_customers;
mod prelude;

/// All migrations.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261101_000001_people::Migration),
            Box::new(m20261101_000002_applications::Migration),
            Box::new(m20261101_000003_agents_and_customers::Migration),
            Box::new(m20261101_000004_catalogue::Migration),
            Box::new(m20261101_000005_ledger::Migration),
            Box::new(m20261101_000006_charges_and_commissions::Migration),
            Box::new(m20261101_000007_money_in::Migration),
            Box::new(m20261101_000008_transfers::Migration),
            Box::new(m20261101_000009_payouts::Migration),
            Box::new(m20261101_000010_events::Migration),
            Box::new(m20261101_000011_roll_ups::Migration),
            Box::new(m20261101_000012_idempotency::Migration),
            Box::new(m20261125_000013_wider_words::Migration),
            Box::new(m20261125_000014_fraud_cases::Migration),
            Box::new(m20261125_000015_proposals::Migration),
            Box::new(m20261125_000016_standings::Migration),
            Box::new(m20261125_000017_audit_log::Migration),
            Box::new(m20261125_000018_chain::Migration),
            Box::new(m20261125_000019_where_sessions_come_from::Migration),
            Box::new(m20261125_000020_an_agents_share_of_a_customers_charges::Migration),
            Box::new(m20261125_000021_the_order_of_an_agents_customers::Migration),
        ]
    }
}
