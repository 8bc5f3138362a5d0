//! What subscribers follow: what happened to an agent, a telephone account, the operators' desk; numbered without gap.

use sea_orm_migration::prelude::*;

use crate::prelude::*;

migration!(up, drops ["desk_event", "desk", "account_event", "agent_event"]);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    agent_events(manager).await?;
    account_events(manager).await?;
    desk(manager).await
}

async fn agent_events(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("agent_event")
        .col(uuid("agent_id"))
        .col(big_integer("seq"))
        .col(text("kind"))
        .col(uuid("subject_id"))
        .col(uuid_null("transaction_id"))
        .col(small_integer_null("commission_rate"))
        .col(text_null("payout_state"))
        .col(instant("occurred_at"))
        .col(big_integer("funding"))
        .col(big_integer("commission"))
        .col(big_integer("held"))
        .col(big_integer("reserved"))
        .col(big_integer("carry"))
        .key(&["agent_id", "seq"])
        .parent("agent_id", "agent")
        .parent("transaction_id", "transaction")
        .one_of(
            "kind",
            &["COMMISSION", "CUSTOMER", "TRANSFER", "PAYOUT", "COMMISSION_RATE", "OWN_ACCOUNT"],
        )
        .one_of(
            "payout_state",
            &["REQUESTED", "APPROVED", "SENT", "PAID", "CANCELLED", "REJECTED", "RETURNED"],
        )
        .check("seq_from_one", "seq >= 1")
        .check("rate_range", "commission_rate BETWEEN 100 AND 1000")
        .check(
            "tells_its_kind",
            "(kind = 'COMMISSION_RATE') = (commission_rate IS NOT NULL) AND (kind = 'PAYOUT') = (payout_state IS NOT NULL)",
        )
        .check(
            "balances",
            "held >= 0 AND reserved >= 0 AND carry >= 0 AND carry < 10000",
        )
        .create(manager)
        .await?;
    index(
        manager,
        "agent_event (transaction_id) WHERE transaction_id IS NOT NULL",
    )
    .await?;
    append_only(manager, "agent_event").await
}

async fn account_events(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("account_event")
        .col(uuid("customer_id"))
        .col(big_integer("seq"))
        .col(uuid("transaction_id"))
        .col(instant("occurred_at"))
        .col(big_integer("cash"))
        .col(big_integer("promo"))
        .key(&["customer_id", "seq"])
        .parent("customer_id", "customer")
        .parent("transaction_id", "transaction")
        .check("seq_from_one", "seq >= 1")
        .check("promo_not_negative", "promo >= 0")
        .create(manager)
        .await?;
    index(manager, "account_event (transaction_id)").await?;
    append_only(manager, "account_event").await
}

async fn desk(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("desk")
        .col(integer("id"))
        .col(big_integer("event_seq"))
        .key(&["id"])
        .check("is_the_only_one", "id = 1")
        .check("seq_not_negative", "event_seq >= 0")
        .create(manager)
        .await?;
    execute(manager, "INSERT INTO desk (id, event_seq) VALUES (1, 0)").await?;

    NewTable::new("desk_event")
        .col(big_integer("seq"))
        .col(text("subject"))
        .col(uuid("subject_id"))
        .col(instant("occurred_at"))
        .key(&["seq"])
        .one_of("subject", &["APPLICATION", "PAYOUT", "FRAUD_CASE"])
        .check("seq_from_one", "seq >= 1")
        .create(manager)
        .await?;
    append_only(manager, "desk_event").await
}
