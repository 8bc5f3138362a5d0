//! Lists of plans.

use entity::{CustomerId, plan};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::pages::List;

/// A customer's plans, newest first, ended ones among them.
#[must_use]
pub fn of_customer(customer: CustomerId) -> List<plan::Entity> {
    let rows = plan::Entity::find().filter(plan::Column::CustomerId.eq(customer));
    List::newest_first("plans", rows)
}
