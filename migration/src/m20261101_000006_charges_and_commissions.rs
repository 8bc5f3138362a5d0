//! What customers paid for, the monthly fees that run, and what agents earned on both.

use sea_orm_migration::prelude::*;

use crate::prelude::*;

migration!(up, drops ["commission", "charge", "plan"]);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    plans(manager).await?;
    charges(manager).await?;
    commissions(manager).await
}

async fn plans(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("plan")
        .col(uuid("id"))
        .col(uuid("customer_id"))
        .col(uuid("product_id"))
        .col(text("state"))
        .col(instant("started_at"))
        .col(integer("period"))
        .col(instant("due_at"))
        .col(instant_null("next_attempt_at"))
        .col(instant_null("cancelled_at"))
        .key(&["id"])
        .parent("customer_id", "customer")
        .parent("product_id", "product")
        .one_of("state", &["ACTIVE", "PAST_DUE", "CANCELLED"])
        .check("period_not_negative", "period >= 0")
        .check(
            "runs_or_is_cancelled",
            "(state = 'CANCELLED') = (next_attempt_at IS NULL) AND (state = 'CANCELLED') = (cancelled_at IS NOT NULL)",
        )
        .create(manager)
        .await?;
    index(manager, "plan (customer_id, id)").await?;
    index(
        manager,
        "plan (next_attempt_at, id) WHERE next_attempt_at IS NOT NULL",
    )
    .await
}

async fn charges(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("charge")
        .col(uuid("id"))
        .col(uuid("customer_id"))
        .col(uuid_null("agent_id"))
        .col(text("kind"))
        .col(text("state"))
        .col(text("description"))
        .col(uuid_null("product_id"))
        .col(uuid_null("plan_id"))
        .col(big_integer("amount"))
        .col(big_integer("promo_part"))
        .col(big_integer("refunded"))
        .col(boolean("commissionable"))
        .col(instant("occurred_at"))
        .col(instant("created_at"))
        .col(uuid_null("transaction_id"))
        .col(text("source"))
        .col(text("external_id"))
        .col(text_null("call_to"))
        .col(text_null("call_destination"))
        .col(integer_null("call_seconds"))
        .col(integer_null("call_billed_seconds"))
        .col(big_integer_null("call_price_per_minute"))
        .key(&["id"])
        .parent("customer_id", "customer")
        .parent("agent_id", "agent")
        .parent("product_id", "product")
        .parent("plan_id", "plan")
        .parent("transaction_id", "transaction")
        .one_of("kind", &["CALL", "SERVICE", "PLAN_FEE"])
        .one_of(
            "state",
            &[
                "POSTED",
                "PARTIALLY_REFUNDED",
                "REFUNDED",
                "FRAUD_HELD",
                "FRAUD_CONFIRMED",
            ],
        )
        .check("amount_not_negative", "amount >= 0")
        .check(
            "promo_is_a_part",
            "promo_part >= 0 AND promo_part <= amount",
        )
        .check("refunded_at_most", "refunded >= 0 AND refunded <= amount")
        .check("is_posted", "amount = 0 OR transaction_id IS NOT NULL")
        .check(
            "call_figures",
            "call_seconds >= 0 AND call_billed_seconds >= 0 AND call_price_per_minute >= 0",
        )
        .create(manager)
        .await?;
    unique(manager, "charge (external_id, source)").await?;
    index(manager, "charge (customer_id, occurred_at, id)").await?;
    index(manager, "charge (agent_id, occurred_at)").await
}

async fn commissions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("commission")
        .col(uuid("id"))
        .col(uuid("agent_id"))
        .col(uuid_null("customer_id"))
        .col(uuid_null("charge_id"))
        .col(text("kind"))
        .col(big_integer("base"))
        .col(small_integer("commission_rate"))
        .col(big_integer("exact"))
        .col(big_integer("amount"))
        .col(big_integer("carry_before"))
        .col(big_integer("carry_after"))
        .col(boolean("held"))
        .col(uuid_null("reverses_id"))
        .col(uuid("transaction_id"))
        .col(instant("occurred_at"))
        .col(instant("created_at"))
        .col(instant("matures_at"))
        .key(&["id"])
        .parent("agent_id", "agent")
        .parent("customer_id", "customer")
        .parent("charge_id", "charge")
        .parent("reverses_id", "commission")
        .parent("transaction_id", "transaction")
        .one_of("kind", &["EARNED", "CLAWBACK", "BONUS"])
        .check("rate_range", "commission_rate BETWEEN 100 AND 1000")
        .check(
            "carry_below_a_unit",
            "carry_before >= 0 AND carry_before < 10000 AND carry_after >= 0 AND carry_after < 10000",
        )
        // Nothing is lost to rounding and nothing invented.
        .check("credited_in_full", "amount * 10000 + carry_after = exact + carry_before")
        .check("sign", "CASE kind WHEN 'CLAWBACK' THEN exact <= 0 ELSE exact >= 0 END")
        .check(
            "earned_on_a_charge",
            "kind <> 'EARNED' OR (charge_id IS NOT NULL AND customer_id IS NOT NULL AND exact = base * commission_rate)",
        )
        .check("clawback_of_a_row", "(kind = 'CLAWBACK') = (reverses_id IS NOT NULL)")
        .create(manager)
        .await?;
    unique(manager, "commission (charge_id) WHERE kind = 'EARNED'").await?;
    index(manager, "commission (agent_id, id)").await?;
    index(manager, "commission (customer_id, id)").await?;
    index(manager, "commission (agent_id, occurred_at)").await?;
    index(manager, "commission (agent_id, matures_at)").await?;
    index(
        manager,
        "commission (reverses_id) WHERE reverses_id IS NOT NULL",
    )
    .await?;
    append_only(manager, "commission").await
}
