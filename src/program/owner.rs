//! Whose money an operator changes.

use entity::{AgentId, CustomerId, proposal};
use serde::Serialize;

/// Whose money an operator changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Owner {
    /// Its cash.
    Customer(CustomerId),
    /// Its commission.
    Agent(AgentId),
}

impl Owner {
    /// Whom a proposal is about.
    ///
    /// # Panics
    /// Where it is about nobody, which the database refuses.
    #[must_use]
    pub fn of(row: &proposal::Model) -> Self {
        match (row.customer_id, row.agent_id) {
            (Some(id), _) => Self::Customer(id),
            (None, id) => Self::Agent(id.expect("a proposal is about a customer or an agent")),
        }
    }
}
