//! Sums that reports read, kept by the transactions that change them: exact at once, and quick after any number of charges.

use sea_orm_migration::prelude::*;

use crate::prelude::*;

migration!(up, drops ["customer_day", "agent_slot"]);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("agent_slot")
        .col(uuid("agent_id"))
        .col(instant("slot"))
        .col(text("kind"))
        .col(big_integer("charges"))
        .col(big_integer("calls"))
        .col(big_integer("call_seconds"))
        .col(big_integer("spent"))
        .col(big_integer("base"))
        .col(big_integer("earned"))
        .col(big_integer("clawed_back"))
        .key(&["agent_id", "slot", "kind"])
        .parent("agent_id", "agent")
        .one_of("kind", &["CALL", "SERVICE", "PLAN_FEE"])
        .check(
            "counts",
            "charges >= 0 AND calls >= 0 AND call_seconds >= 0",
        )
        .create(manager)
        .await?;
    index(manager, "agent_slot (slot)").await?;

    NewTable::new("customer_day")
        .col(uuid("agent_id"))
        .col(uuid("customer_id"))
        .col(date("day"))
        .col(big_integer("charges"))
        .col(big_integer("calls"))
        .col(big_integer("call_seconds"))
        .col(big_integer("spent"))
        .col(big_integer("base"))
        .col(big_integer("earned"))
        .col(big_integer("clawed_back"))
        .col(instant_null("last_charge_at"))
        .key(&["agent_id", "customer_id", "day"])
        .parent("agent_id", "agent")
        .parent("customer_id", "customer")
        .check(
            "counts",
            "charges >= 0 AND calls >= 0 AND call_seconds >= 0",
        )
        .create(manager)
        .await?;
    index(manager, "customer_day (agent_id, day)").await
}
