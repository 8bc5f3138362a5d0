//! What operators decide about agents: their standing, another agent of record, and bonuses where reports find them.

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
        standings(manager).await?;
        assignments(manager).await?;
        let bonuses = "CREATE INDEX commission_bonus_idx ON commission (agent_id, occurred_at) WHERE kind = 'BONUS'";
        execute(manager, bonuses).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, "DROP INDEX commission_bonus_idx").await?;
        execute(manager, "DROP INDEX commission_suspension_id_idx").await?;
        let column = Table::alter()
            .table("commission")
            .drop_column("suspension_id")
            .to_owned();
        manager.alter_table(column).await?;
        drop_tables(manager, &["assignment", "agent_standing"]).await
    }
}

async fn standings(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("agent_standing")
        .col(uuid("id"))
        .col(uuid("agent_id"))
        .col(integer("ordinal"))
        .col(text("status"))
        .col(instant("since"))
        .col(text("reason"))
        .col(uuid("set_by"))
        .col(uuid_null("transaction_id"))
        .key(&["id"])
        .parent("agent_id", "agent")
        .parent("set_by", "login")
        .parent("transaction_id", "transaction")
        .one_of("status", &["ACTIVE", "SUSPENDED", "CLOSED"])
        .check("ordinal_from_one", "ordinal >= 1")
        .check("begins_active", "NOT (ordinal = 1 AND status = 'ACTIVE')")
        .check(
            "suspending_moves_nothing",
            "status <> 'SUSPENDED' OR transaction_id IS NULL",
        )
        .create(manager)
        .await?;
    unique(manager, "agent_standing (agent_id, ordinal)").await?;
    append_only(manager, "agent_standing").await?;

    // NULL for what was earned before: there were no suspensions.
    let mut suspension = uuid_null("suspension_id");
    suspension.extra("REFERENCES agent_standing (id)");
    let column = Table::alter()
        .table("commission")
        .add_column(suspension)
        .to_owned();
    manager.alter_table(column).await?;
    index(
        manager,
        "commission (suspension_id) WHERE suspension_id IS NOT NULL",
    )
    .await
}

async fn assignments(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("assignment")
        .col(uuid("id"))
        .col(uuid("customer_id"))
        .col(uuid_null("from_agent_id"))
        .col(uuid_null("to_agent_id"))
        .col(text("reason"))
        .col(uuid("set_by"))
        .col(instant("at"))
        .key(&["id"])
        .parent("customer_id", "customer")
        .parent("from_agent_id", "agent")
        .parent("to_agent_id", "agent")
        .parent("set_by", "login")
        .check(
            "changes_something",
            "COALESCE(CAST(from_agent_id AS TEXT), '') <> COALESCE(CAST(to_agent_id AS TEXT), '')",
        )
        .create(manager)
        .await?;
    index(manager, "assignment (customer_id, at)").await?;
    append_only(manager, "assignment").await
}
