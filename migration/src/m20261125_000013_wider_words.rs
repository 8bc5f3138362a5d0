//! Words that came later: an agent or a fraud case may cause a transaction, an agent hears of its standing, and the
//! desk of proposals.

use sea_orm_migration::prelude::*;

use crate::prelude::*;

/// This step of the history.
#[derive(DeriveMigrationName)]
pub struct Migration;

const CAUSES: [&str; 8] = [
    "TOP_UP",
    "CHARGE",
    "COMMISSION",
    "TRANSFER",
    "PAYOUT",
    "CUSTOMER",
    "AGENT",
    "FRAUD_CASE",
];
const AGENT_EVENTS: [&str; 7] = [
    "COMMISSION",
    "CUSTOMER",
    "TRANSFER",
    "PAYOUT",
    "COMMISSION_RATE",
    "OWN_ACCOUNT",
    "STANDING",
];
const DESK_SUBJECTS: [&str; 4] = ["APPLICATION", "PAYOUT", "FRAUD_CASE", "PROPOSAL"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_words(manager, "transaction", "cause", &CAUSES).await?;
        change_words(manager, "agent_event", "kind", &AGENT_EVENTS).await?;
        change_words(manager, "desk_event", "subject", &DESK_SUBJECTS).await
    }

    /// On PostgreSQL refused where the words are used; `SQLite` asks only of what is written from then on.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_words(manager, "transaction", "cause", &CAUSES[..6]).await?;
        change_words(manager, "agent_event", "kind", &AGENT_EVENTS[..6]).await?;
        change_words(manager, "desk_event", "subject", &DESK_SUBJECTS[..3]).await
    }
}
