//! Lists of telephone accounts.

use entity::customer::{CustomerStatus, Management};
use entity::{AgentId, affiliation, customer};
use sea_orm::{ColumnTrait, Condition, EntityTrait, JoinType, Order, QueryFilter, QuerySelect};

use super::pages::List;
use super::search::contains;

/// Which telephone accounts, and in which order.
#[derive(Clone, Debug)]
pub struct Customers {
    /// Of this agent, now.
    pub agent: Option<AgentId>,
    /// In name, e-mail or number.
    pub search: Option<String>,
    /// How far the account is.
    pub status: Option<CustomerStatus>,
    /// Who acts inside it.
    pub management: Option<Management>,
    /// By name rather than by when they came.
    pub by_name: bool,
    /// Which way.
    pub order: Order,
}

/// Telephone accounts.
#[must_use]
pub fn list(which: &Customers) -> List<customer::Entity> {
    use customer::Column;
    let mut rows = customer::Entity::find();
    if let Some(agent) = which.agent {
        let open = customer::Entity::belongs_to(affiliation::Entity)
            .from(Column::Id)
            .to(affiliation::Column::CustomerId);
        rows = rows
            .join(JoinType::InnerJoin, open.into())
            .filter(affiliation::Column::AgentId.eq(agent))
            .filter(affiliation::Column::Until.is_null());
    }
    if let Some(text) = &which.search {
        let columns = [Column::Name, Column::Email, Column::Number];
        let found = columns.map(|column| contains(column, text));
        rows = rows.filter(found.into_iter().fold(Condition::any(), Condition::add));
    }
    if let Some(status) = which.status {
        rows = rows.filter(Column::Status.eq(status));
    }
    if let Some(management) = which.management {
        rows = rows.filter(Column::Management.eq(management));
    }
    let (name, first) = if which.by_name {
        ("customers by name", Column::Name)
    } else {
        ("customers by time", Column::JoinedAt)
    };
    let list = List::new(name, rows, [first, Column::Id], which.order.clone());
    if which.agent.is_some() && !which.by_name {
        let (joined, customer) = (
            affiliation::Column::CustomerJoinedAt,
            affiliation::Column::CustomerId,
        );
        return list.placed([joined, customer]);
    }
    list
}
