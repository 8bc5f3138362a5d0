//! Who signs in: people with their sessions, and machines with their keys.

use sea_orm_migration::prelude::*;

use crate::prelude::*;

migration!(up, drops ["api_key", "refresh_token", "session", "login"]);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("login")
        .col(uuid("id"))
        .col(text("email"))
        .col(text("email_key"))
        .col(text("email_person"))
        .col(text("name"))
        .col(text_null("password_hash"))
        .col(boolean("operator"))
        .col(instant("created_at"))
        .key(&["id"])
        .create(manager)
        .await?;
    unique(manager, "login (email_key)").await?;

    NewTable::new("session")
        .col(uuid("id"))
        .col(uuid("login_id"))
        .col(instant("created_at"))
        .col(instant("expires_at"))
        .col(instant_null("ended_at"))
        .key(&["id"])
        .parent("login_id", "login")
        .create(manager)
        .await?;
    index(manager, "session (login_id) WHERE ended_at IS NULL").await?;

    NewTable::new("refresh_token")
        .col(text("hash"))
        .col(uuid("session_id"))
        .col(instant("issued_at"))
        .col(instant_null("used_at"))
        .key(&["hash"])
        .parent("session_id", "session")
        .check("is_hashed", "length(hash) = 64")
        .create(manager)
        .await?;
    index(manager, "refresh_token (session_id)").await?;

    NewTable::new("api_key")
        .col(uuid("id"))
        .col(text("name"))
        .col(text("role"))
        .col(text("hash"))
        .col(uuid("created_by"))
        .col(instant("created_at"))
        .col(instant_null("last_used_at"))
        .col(instant_null("revoked_at"))
        .key(&["id"])
        .parent("created_by", "login")
        .one_of("role", &["SWITCH", "PROCESSOR"])
        .check("is_hashed", "length(hash) = 64")
        .create(manager)
        .await?;
    unique(manager, "api_key (hash)").await
}
