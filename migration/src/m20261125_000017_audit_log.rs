//! The audit log.

use sea_orm_migration::prelude::*;

use crate::prelude::*;

migration!(up, drops["audit_entry"]);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("audit_entry")
        .col(uuid("id"))
        .col(instant("at"))
        .col(uuid_null("actor_id"))
        .col(uuid_null("acting_for_id"))
        .col(text("action"))
        .col(text_null("subject"))
        .col(text_null("detail"))
        .col(text_null("source"))
        .key(&["id"])
        .parent("actor_id", "login")
        .parent("acting_for_id", "customer")
        .create(manager)
        .await?;
    index(manager, "audit_entry (actor_id, at, id)").await?;
    index(manager, "audit_entry (action, at, id)").await?;
    index(manager, "audit_entry (at, id)").await?;
    append_only(manager, "audit_entry").await
}
