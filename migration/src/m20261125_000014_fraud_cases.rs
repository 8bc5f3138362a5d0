//! Fraud cases, and the charges that they are about.

use sea_orm_migration::prelude::*;

use crate::prelude::*;

migration!(up, drops ["fraud_case_charge", "fraud_case"]);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("fraud_case")
        .col(uuid("id"))
        .col(text("reason"))
        .col(text_null("note"))
        .col(text("state"))
        .col(big_integer("clawed_back"))
        .col(uuid("opened_by"))
        .col(instant("opened_at"))
        .col(uuid_null("decided_by"))
        .col(instant_null("decided_at"))
        .col(text_null("decision_note"))
        .key(&["id"])
        .parent("opened_by", "login")
        .parent("decided_by", "login")
        .one_of(
            "reason",
            &[
                "STOLEN_PAYMENT",
                "ARTIFICIAL_TRAFFIC",
                "SELF_DEALING",
                "ABUSE",
                "OTHER",
            ],
        )
        .one_of("state", &["OPEN", "CONFIRMED", "CLEARED"])
        .check(
            "is_decided",
            "(state = 'OPEN') = (decided_by IS NULL) AND (state = 'OPEN') = (decided_at IS NULL)",
        )
        .check(
            "took_when_confirmed",
            "state = 'CONFIRMED' OR clawed_back = 0",
        )
        .create(manager)
        .await?;
    index(manager, "fraud_case (state, id)").await?;

    NewTable::new("fraud_case_charge")
        .col(uuid("case_id"))
        .col(uuid("charge_id"))
        .col(uuid_null("commission_id"))
        .col(uuid_null("agent_id"))
        .col(big_integer("held"))
        .key(&["case_id", "charge_id"])
        .parent("case_id", "fraud_case")
        .parent("charge_id", "charge")
        .parent("commission_id", "commission")
        .parent("agent_id", "agent")
        .check("held_not_negative", "held >= 0")
        .check(
            "holds_a_commission",
            "(commission_id IS NULL) = (agent_id IS NULL) AND (commission_id IS NOT NULL OR held = 0)",
        )
        .create(manager)
        .await?;
    index(manager, "fraud_case_charge (charge_id)").await?;
    index(manager, "fraud_case_charge (agent_id) WHERE held > 0").await
}
