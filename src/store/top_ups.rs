//! Lists of top-ups.

use entity::{CustomerId, top_up};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::pages::List;

/// What was paid into an account, newest first.
#[must_use]
pub fn of_customer(customer: CustomerId) -> List<top_up::Entity> {
    let rows = top_up::Entity::find().filter(top_up::Column::CustomerId.eq(customer));
    List::newest_first("top-ups", rows)
}
