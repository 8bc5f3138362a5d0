//! Money paid in by card, `PayPal` or wire.

use sea_orm_migration::prelude::*;

use crate::prelude::*;

migration!(up, drops["top_up"]);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("top_up")
        .col(uuid("id"))
        .col(uuid("customer_id"))
        .col(text("method"))
        .col(big_integer("amount"))
        .col(text("state"))
        .col(text_null("payment_token"))
        .col(text_null("reference"))
        .col(uuid_null("product_id"))
        .col(instant("created_at"))
        .col(instant_null("settled_at"))
        .col(uuid_null("transaction_id"))
        .col(instant_null("give_back_since"))
        .key(&["id"])
        .parent("customer_id", "customer")
        .parent("product_id", "product")
        .parent("transaction_id", "transaction")
        .one_of("method", &["CREDIT_CARD", "DEBIT_CARD", "PAYPAL", "WIRE"])
        .one_of("state", &["PENDING", "SETTLED", "FAILED", "REVERSED"])
        .check(
            "failed_goes_back",
            "give_back_since IS NULL OR state = 'FAILED'",
        )
        .check("amount_positive", "amount > 0")
        .check("whole_cents", "amount % 100 = 0")
        .check(
            "is_posted",
            "(state IN ('SETTLED', 'REVERSED')) = (transaction_id IS NOT NULL)",
        )
        .create(manager)
        .await?;
    index(manager, "top_up (customer_id, id)").await?;
    index(manager, "top_up (customer_id, created_at)").await?;
    index(
        manager,
        "top_up (give_back_since) WHERE give_back_since IS NOT NULL",
    )
    .await?;
    index(manager, "top_up (created_at, id) WHERE state = 'PENDING'").await
}
