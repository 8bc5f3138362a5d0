//! Telephone accounts, agents, and which agent is whose when and at what rate.

use sea_orm_migration::prelude::*;

use crate::prelude::*;

migration!(up, drops ["commission_rate", "affiliation", "agent", "claim", "customer"]);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("customer")
        .col(uuid("id"))
        .col(text("number"))
        .col(uuid_null("login_id"))
        .col(sorted_text(manager, "name"))
        .col(text_null("email"))
        .col(text("status"))
        .col(text("management"))
        .col(instant("joined_at"))
        .key(&["id"])
        .parent("login_id", "login")
        .one_of("status", &["PENDING", "ACTIVE", "SUSPENDED", "CLOSED"])
        .one_of("management", &["OWN", "PENDING_HANDOVER", "AGENT_MANAGED"])
        .check("number_length", "length(number) = 10")
        .create(manager)
        .await?;
    unique(manager, "customer (number)").await?;
    unique(manager, "customer (login_id)").await?;
    index(manager, "customer (joined_at, id)").await?;
    index(manager, "customer (name, id)").await?;

    NewTable::new("claim")
        .col(text("hash"))
        .col(uuid("customer_id"))
        .col(instant("issued_at"))
        .col(instant("expires_at"))
        .col(instant_null("spent_at"))
        .key(&["hash"])
        .parent("customer_id", "customer")
        .check("is_hashed", "length(hash) = 64")
        .create(manager)
        .await?;
    unique(manager, "claim (customer_id) WHERE spent_at IS NULL").await?;

    NewTable::new("agent")
        .col(uuid("id"))
        .col(text("number"))
        .col(uuid("login_id"))
        .col(uuid("customer_id"))
        .col(uuid_null("application_id"))
        .col(sorted_text(manager, "display_name"))
        .col(text("kind"))
        .col(text("status"))
        .col(instant("joined_at"))
        .key(&["id"])
        .parent("login_id", "login")
        .parent("customer_id", "customer")
        .parent("application_id", "application")
        .one_of("kind", &["INDIVIDUAL", "BUSINESS"])
        .one_of("status", &["ACTIVE", "SUSPENDED", "CLOSED"])
        .check("number_length", "length(number) = 8")
        .create(manager)
        .await?;
    unique(manager, "agent (number)").await?;
    unique(manager, "agent (login_id)").await?;
    unique(manager, "agent (customer_id)").await?;
    unique(manager, "agent (application_id)").await?;
    index(manager, "agent (joined_at, id)").await?;
    index(manager, "agent (display_name, id)").await?;

    NewTable::new("affiliation")
        .col(uuid("id"))
        .col(uuid("customer_id"))
        .col(uuid("agent_id"))
        .col(text("method"))
        .col(text_null("typed_number"))
        .col(text_null("link_number"))
        .col(instant("since"))
        .col(instant_null("until"))
        .key(&["id"])
        .parent("customer_id", "customer")
        .parent("agent_id", "agent")
        .one_of(
            "method",
            &[
                "AGENT_NUMBER",
                "LINK",
                "AGENT_HANDOVER",
                "AGENT_MANAGED",
                "ASSIGNED",
            ],
        )
        .check("ends_after_it_begins", "until IS NULL OR until >= since")
        .create(manager)
        .await?;
    unique(manager, "affiliation (customer_id) WHERE until IS NULL").await?;
    index(manager, "affiliation (customer_id, since)").await?;
    index(manager, "affiliation (agent_id, customer_id)").await?;

    NewTable::new("commission_rate")
        .col(uuid("agent_id"))
        .col(instant("effective_from"))
        .col(small_integer("commission_rate"))
        .col(text("reason"))
        .col(uuid_null("set_by"))
        .col(instant("created_at"))
        .key(&["agent_id", "effective_from"])
        .parent("agent_id", "agent")
        .parent("set_by", "login")
        .check("range", "commission_rate BETWEEN 100 AND 1000")
        .create(manager)
        .await
}
