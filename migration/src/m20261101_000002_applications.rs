//! Requests to become an agent: at most one open for each e-mail address.

use sea_orm_migration::prelude::*;

use crate::prelude::*;

migration!(up, drops["application"]);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("application")
        .col(uuid("id"))
        .col(uuid_null("login_id"))
        .col(text("kind"))
        .col(text("name"))
        .col(text("email"))
        .col(text("email_key"))
        .col(text("business"))
        .col(text("plan"))
        .col(json("promotion"))
        .col(text_null("promotion_detail"))
        .col(json("involvement"))
        .col(json("markets"))
        .col(text_null("places"))
        .col(integer("projection_1"))
        .col(integer("projection_3"))
        .col(integer("projection_6"))
        .col(integer("projection_12"))
        .col(text_null("notes"))
        .col(text("state"))
        .col(instant("submitted_at"))
        .col(instant_null("decided_at"))
        .col(uuid_null("decided_by"))
        .col(text_null("response"))
        .key(&["id"])
        .parent("login_id", "login")
        .parent("decided_by", "login")
        .one_of("kind", &["INDIVIDUAL", "BUSINESS"])
        .one_of(
            "state",
            &[
                "SUBMITTED",
                "INFO_REQUESTED",
                "APPROVED",
                "REJECTED",
                "WITHDRAWN",
            ],
        )
        .check(
            "projections",
            "projection_1 >= 0 AND projection_3 >= 0 AND projection_6 >= 0 AND projection_12 >= 0",
        )
        .check(
            "decision",
            "state NOT IN ('APPROVED', 'REJECTED') OR decided_at IS NOT NULL",
        )
        .create(manager)
        .await?;
    unique(
        manager,
        "application (email_key) WHERE state IN ('SUBMITTED', 'INFO_REQUESTED')",
    )
    .await?;
    index(manager, "application (state, id)").await?;
    index(manager, "application (login_id) WHERE login_id IS NOT NULL").await
}
