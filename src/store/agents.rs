//! Lists of agents.

use entity::agent;
use entity::agent::AgentStatus;
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter};

use super::pages::List;
use super::search::contains;

/// Which agents, and in which order.
#[derive(Clone, Debug)]
pub struct Agents {
    /// In name or number.
    pub search: Option<String>,
    /// Whether they earn.
    pub status: Option<AgentStatus>,
    /// By name rather than by when they came.
    pub by_name: bool,
    /// Which way.
    pub order: Order,
}

/// Agents.
#[must_use]
pub fn list(which: &Agents) -> List<agent::Entity> {
    use agent::Column;
    let mut rows = agent::Entity::find();
    if let Some(text) = &which.search {
        let found = Condition::any()
            .add(contains(Column::DisplayName, text))
            .add(contains(Column::Number, text));
        rows = rows.filter(found);
    }
    if let Some(status) = which.status {
        rows = rows.filter(Column::Status.eq(status));
    }
    let (name, first) = if which.by_name {
        ("agents by name", Column::DisplayName)
    } else {
        ("agents by time", Column::JoinedAt)
    };
    List::new(name, rows, [first, Column::Id], which.order.clone())
}
