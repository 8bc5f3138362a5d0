//! Agents' requests for money, with what they cost as of the request.

use sea_orm_migration::prelude::*;

use crate::prelude::*;

migration!(up, drops["payout"]);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("payout")
        .col(uuid("id"))
        .col(uuid("agent_id"))
        .col(text("method"))
        .col(big_integer("gross"))
        .col(big_integer("fee"))
        .col(big_integer("net"))
        .col(big_integer("from_commission"))
        .col(big_integer("from_funding"))
        .col(text("state"))
        .col(text_null("payee"))
        .col(text_null("address"))
        .col(text_null("paypal_email"))
        .col(text_null("bank_name"))
        .col(text_null("account_number"))
        .col(text_null("routing_code"))
        .col(text_null("reference"))
        .col(text_null("reason"))
        .col(instant("requested_at"))
        .col(uuid_null("approved_by"))
        .col(instant_null("decided_at"))
        .col(instant_null("sent_at"))
        .col(instant_null("settled_at"))
        .key(&["id"])
        .parent("agent_id", "agent")
        .parent("approved_by", "login")
        .one_of("method", &["CHECK", "PAYPAL", "WIRE"])
        .one_of(
            "state",
            &[
                "REQUESTED",
                "APPROVED",
                "SENT",
                "PAID",
                "CANCELLED",
                "REJECTED",
                "RETURNED",
            ],
        )
        .check(
            "net_is_what_arrives",
            "fee >= 0 AND net > 0 AND net = gross - fee",
        )
        .check("whole_cents", "gross % 100 = 0")
        .check(
            "parts",
            "from_commission >= 0 AND from_funding >= 0 AND from_commission + from_funding = gross",
        )
        .check(
            "destination",
            "CASE method WHEN 'CHECK' THEN payee IS NOT NULL AND address IS NOT NULL \
             WHEN 'PAYPAL' THEN paypal_email IS NOT NULL \
             ELSE payee IS NOT NULL AND bank_name IS NOT NULL AND account_number IS NOT NULL \
             AND routing_code IS NOT NULL END",
        )
        .check(
            "sent",
            "state NOT IN ('SENT', 'PAID', 'RETURNED') OR sent_at IS NOT NULL",
        )
        .create(manager)
        .await?;
    index(manager, "payout (agent_id, id)").await?;
    index(manager, "payout (state, id)").await
}
