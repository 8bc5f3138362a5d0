//! The price list.

use entity::product::ProductKind;
use entity::{PhoneNumber, call_rate, product};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, QueryFilter};

use super::pages::List;
use crate::program::prefixes;

/// What is on the price list, by code.
#[must_use]
pub fn products(kind: Option<ProductKind>) -> List<product::Entity> {
    use product::Column;
    let mut rows = product::Entity::find().filter(Column::Available.eq(true));
    if let Some(kind) = kind {
        rows = rows.filter(Column::Kind.eq(kind));
    }
    List::new("products", rows, [Column::Code], Order::Asc)
}

/// The rates, of any time, that a number may be called by.
///
/// # Errors
/// The database's.
pub async fn call_rates(
    conn: &impl ConnectionTrait,
    to: &PhoneNumber,
) -> Result<Vec<call_rate::Model>, DbErr> {
    call_rate::Entity::find()
        .filter(call_rate::Column::Prefix.is_in(prefixes(to)))
        .all(conn)
        .await
}
