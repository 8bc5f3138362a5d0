//! When the customer joined, beside its agent: a page of an agent's customers, newest first, is then a piece of an index.
//! Before, all of them were read and sorted, and with some plans all of everybody's.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

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
        let mut add = Table::alter();
        // Never read: every row gets its own below, or brings it.
        let column = instant("customer_joined_at")
            .default("1970-01-01 00:00:00+00:00")
            .to_owned();
        let add = add.table("affiliation").add_column(column);
        manager.alter_table(add.to_owned()).await?;
        execute(
            manager,
            "UPDATE affiliation SET customer_joined_at =
               (SELECT joined_at FROM customer WHERE customer.id = affiliation.customer_id)",
        )
        .await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let drop = "ALTER TABLE affiliation ALTER COLUMN customer_joined_at DROP DEFAULT";
            execute(manager, drop).await?;
        }
        let order = "affiliation (agent_id, customer_joined_at, customer_id) WHERE until IS NULL";
        index(manager, order).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop = "DROP INDEX affiliation_agent_id_customer_joined_at_customer_id_idx";
        execute(manager, drop).await?;
        let mut drop = Table::alter();
        let drop = drop.table("affiliation").drop_column("customer_joined_at");
        manager.alter_table(drop.to_owned()).await
    }
}
