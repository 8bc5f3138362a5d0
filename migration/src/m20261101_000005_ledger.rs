//! Double entry: transactions, their entries, and what each owner has. The house has no balance row.

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
        balances(manager).await?;
        transactions(manager).await?;
        entries(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = ["entry", "transaction", "customer_balance", "agent_balance"];
        drop_tables(manager, &tables).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            execute(manager, "DROP FUNCTION refuse_change()").await?;
        }
        Ok(())
    }
}

async fn balances(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("agent_balance")
        .col(uuid("agent_id"))
        .col(big_integer("commission"))
        .col(big_integer("commission_version"))
        .col(big_integer("held"))
        .col(big_integer("held_version"))
        .col(big_integer("reserved"))
        .col(big_integer("reserved_version"))
        .col(big_integer("carry"))
        .col(big_integer("event_seq"))
        .key(&["agent_id"])
        .parent("agent_id", "agent")
        .check("held_not_negative", "held >= 0")
        .check("reserved_not_negative", "reserved >= 0")
        .check("carry_below_a_unit", "carry >= 0 AND carry < 10000")
        .check(
            "counters",
            "commission_version >= 0 AND held_version >= 0 AND reserved_version >= 0 AND event_seq >= 0",
        )
        .create(manager)
        .await?;
    NewTable::new("customer_balance")
        .col(uuid("customer_id"))
        .col(big_integer("cash"))
        .col(big_integer("cash_version"))
        .col(big_integer("promo"))
        .col(big_integer("promo_version"))
        .col(big_integer("event_seq"))
        .key(&["customer_id"])
        .parent("customer_id", "customer")
        .check("promo_not_negative", "promo >= 0")
        .check(
            "counters",
            "cash_version >= 0 AND promo_version >= 0 AND event_seq >= 0",
        )
        .create(manager)
        .await
}

async fn transactions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("transaction")
        .col(uuid("id"))
        .col(text("kind"))
        .col(text("description"))
        .col(text("cause"))
        .col(uuid("cause_id"))
        .col(instant("occurred_at"))
        .col(instant("created_at"))
        .key(&["id"])
        .one_of(
            "kind",
            &[
                "TOP_UP",
                "TOP_UP_REVERSED",
                "PROMO_GRANT",
                "CHARGE",
                "CHARGE_REFUNDED",
                "TRANSFER",
                "TRANSFER_REVERSED",
                "COMMISSION_CLAWBACK",
                "COMMISSION_HELD",
                "COMMISSION_RELEASED",
                "COMMISSION_FORFEITED",
                "BONUS",
                "PAYOUT_RESERVED",
                "PAYOUT_RELEASED",
                "PAYOUT_SENT",
                "PAYOUT_SETTLED",
                "PAYOUT_RETURNED",
                "ADJUSTMENT",
                "WRITE_OFF",
            ],
        )
        .one_of(
            "cause",
            &[
                "TOP_UP",
                "CHARGE",
                "COMMISSION",
                "TRANSFER",
                "PAYOUT",
                "CUSTOMER",
            ],
        )
        .create(manager)
        .await?;
    append_only(manager, "transaction").await
}

async fn entries(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("entry")
        .col(uuid("transaction_id"))
        .col(small_integer("line"))
        .col(text("account"))
        .col(uuid_null("owner_id"))
        .col(big_integer_null("version"))
        .col(big_integer("amount"))
        .col(big_integer_null("balance_after"))
        .key(&["transaction_id", "line"])
        .parent("transaction_id", "transaction")
        .one_of(
            "account",
            &[
                "customer:cash",
                "customer:promo",
                "agent:commission",
                "agent:held",
                "agent:reserved",
                "clearing:card",
                "clearing:paypal",
                "clearing:bank",
                "revenue:calls",
                "revenue:services",
                "revenue:plans",
                "revenue:payout_fees",
                "expense:commission",
                "expense:promo",
                "expense:adjustment",
                "expense:bad_debt",
                "payouts:in_transit",
            ],
        )
        .check("moves_something", "amount <> 0")
        .check(
            "owner",
            "(owner_id IS NOT NULL) = (account IN \
             ('customer:cash', 'customer:promo', 'agent:commission', 'agent:held', 'agent:reserved'))",
        )
        .check(
            "owner_has_a_balance",
            "(owner_id IS NULL) = (version IS NULL) AND (owner_id IS NULL) = (balance_after IS NULL)",
        )
        .check("version_from_one", "version >= 1")
        .check(
            "balance_not_negative",
            "balance_after >= 0 OR account NOT IN ('customer:promo', 'agent:held', 'agent:reserved')",
        )
        .create(manager)
        .await?;
    unique(manager, "entry (owner_id, account, version)").await?;
    append_only(manager, "entry").await
}
