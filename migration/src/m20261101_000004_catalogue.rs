//! The public price list: products, and calls by prefix.

use sea_orm_migration::prelude::*;

use crate::prelude::*;

migration!(up, drops ["call_rate", "product"]);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("product")
        .col(uuid("id"))
        .col(text("code"))
        .col(text("name"))
        .col(text("kind"))
        .col(big_integer("price"))
        .col(boolean("commissionable"))
        .col(boolean("available"))
        .col(instant("created_at"))
        .col(instant("updated_at"))
        .key(&["id"])
        .one_of("kind", &["SERVICE", "PLAN"])
        .check("price_not_negative", "price >= 0")
        .create(manager)
        .await?;
    unique(manager, "product (code)").await?;

    NewTable::new("call_rate")
        .col(uuid("id"))
        .col(text("prefix"))
        .col(instant("effective_from"))
        .col(text("destination"))
        .col(big_integer("price_per_minute"))
        .col(big_integer("connection_fee"))
        .col(integer("initial_increment"))
        .col(integer("increment"))
        .key(&["id"])
        .check(
            "prefix_is_digits",
            "length(prefix) BETWEEN 1 AND 15 AND ltrim(prefix, '0123456789') = ''",
        )
        .check(
            "price_not_negative",
            "price_per_minute >= 0 AND connection_fee >= 0",
        )
        .check(
            "increments_positive",
            "initial_increment > 0 AND increment > 0",
        )
        .create(manager)
        .await?;
    unique(manager, "call_rate (prefix, effective_from)").await
}
