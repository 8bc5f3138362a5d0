//! Lists of charges.

use chrono::{DateTime, Utc};
use entity::charge::ChargeKind;
use entity::{AgentId, CustomerId, charge};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter};

use super::pages::List;

/// Which charges.
#[derive(Clone, Debug, Default)]
pub struct Charges {
    /// Of any kind, if empty.
    pub kinds: Vec<ChargeKind>,
    /// That occurred from then on.
    pub from: Option<DateTime<Utc>>,
    /// That occurred before.
    pub to: Option<DateTime<Utc>>,
}

/// A customer's charges, the latest first; only those while it was `agent`'s, where one is given.
#[must_use]
pub fn of_customer(
    customer: CustomerId,
    agent: Option<AgentId>,
    which: &Charges,
) -> List<charge::Entity> {
    use charge::Column;
    let mut rows = charge::Entity::find().filter(Column::CustomerId.eq(customer));
    if let Some(agent) = agent {
        rows = rows.filter(Column::AgentId.eq(agent));
    }
    if !which.kinds.is_empty() {
        rows = rows.filter(Column::Kind.is_in(which.kinds.iter().copied()));
    }
    if let Some(from) = which.from {
        rows = rows.filter(Column::OccurredAt.gte(from));
    }
    if let Some(to) = which.to {
        rows = rows.filter(Column::OccurredAt.lt(to));
    }
    let order = [Column::OccurredAt, Column::Id];
    List::new("charges", rows, order, Order::Desc)
}
