//! Funds from agents to their customers.

use sea_orm_migration::prelude::*;

use crate::prelude::*;

migration!(up, drops["transfer"]);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("transfer")
        .col(uuid("id"))
        .col(uuid("agent_id"))
        .col(uuid("customer_id"))
        .col(big_integer("amount"))
        .col(big_integer("from_funding"))
        .col(big_integer("from_commission"))
        .col(big_integer("reversed"))
        .col(text_null("memo"))
        .col(uuid("transaction_id"))
        .col(instant("created_at"))
        .key(&["id"])
        .parent("agent_id", "agent")
        .parent("customer_id", "customer")
        .parent("transaction_id", "transaction")
        .check("amount_positive", "amount > 0")
        .check(
            "parts",
            "from_funding >= 0 AND from_commission >= 0 AND from_funding + from_commission = amount",
        )
        .check("reversed_at_most", "reversed >= 0 AND reversed <= amount")
        .create(manager)
        .await?;
    index(manager, "transfer (agent_id, id)").await?;
    index(manager, "transfer (customer_id, id)").await
}
