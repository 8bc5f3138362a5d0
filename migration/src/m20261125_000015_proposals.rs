//! What waits for a second operator; and what is known of a payment that was charged back.

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
        proposals(manager).await?;
        chargebacks(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["reversed_at", "reversal_reference"] {
            let drop = Table::alter()
                .table("top_up")
                .drop_column(column)
                .to_owned();
            manager.alter_table(drop).await?;
        }
        drop_tables(manager, &["proposal"]).await
    }
}

async fn proposals(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("proposal")
        .col(uuid("id"))
        .col(text("kind"))
        .col(uuid_null("customer_id"))
        .col(uuid_null("agent_id"))
        .col(big_integer("amount"))
        .col(text("reason"))
        .col(uuid("proposed_by"))
        .col(instant("created_at"))
        .col(instant("expires_at"))
        .col(uuid_null("seconded_by"))
        .col(instant_null("seconded_at"))
        .col(uuid_null("transaction_id"))
        .key(&["id"])
        .parent("customer_id", "customer")
        .parent("agent_id", "agent")
        .parent("proposed_by", "login")
        .parent("seconded_by", "login")
        .parent("transaction_id", "transaction")
        .one_of("kind", &["ADJUSTMENT", "WRITE_OFF"])
        .check("about_one", "(customer_id IS NULL) <> (agent_id IS NULL)")
        .check("moves_something", "amount <> 0")
        .check(
            "by_two",
            "(seconded_by IS NULL) = (transaction_id IS NULL) AND (seconded_by IS NULL) = (seconded_at IS NULL) \
             AND (seconded_by IS NULL OR seconded_by <> proposed_by)",
        )
        .create(manager)
        .await?;
    index(manager, "proposal (customer_id)").await?;
    index(manager, "proposal (agent_id)").await
}

/// Both are empty on what was there before; the books have always told which transaction took the money back.
async fn chargebacks(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for column in [instant_null("reversed_at"), text_null("reversal_reference")] {
        let add = Table::alter().table("top_up").add_column(column).to_owned();
        manager.alter_table(add).await?;
    }
    Ok(())
}
