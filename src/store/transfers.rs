//! Lists of transfers.

use entity::{AgentId, transfer};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::pages::List;

/// What an agent gave, newest first.
#[must_use]
pub fn of_agent(agent: AgentId) -> List<transfer::Entity> {
    let rows = transfer::Entity::find().filter(transfer::Column::AgentId.eq(agent));
    List::newest_first("transfers", rows)
}
