//! The first answer to each request that moves money.

use sea_orm_migration::prelude::*;

use crate::prelude::*;

migration!(up, drops["idempotency"]);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("idempotency")
        .col(uuid("actor_id"))
        .col(text("key"))
        .col(text("fingerprint"))
        .col(text("answer"))
        .col(instant("created_at"))
        .key(&["key", "actor_id"])
        .check("is_hashed", "length(fingerprint) = 64")
        .create(manager)
        .await
}
