//! A customer's charges while it was an agent's, in their order: without an index of its own PostgreSQL takes customer and
//! agent for independent of each other, and reads all that the agent ever earned on for each of its customers.

use sea_orm_migration::prelude::*;

use crate::prelude::*;

/// This step of the history.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        index(manager, "charge (customer_id, agent_id, occurred_at, id)").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(
            manager,
            "DROP INDEX charge_customer_id_agent_id_occurred_at_id_idx",
        )
        .await
    }
}
