//! Lists of payouts.

use entity::payout::{PayoutMethod, PayoutState};
use entity::{AgentId, payout};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::pages::List;

/// Which payouts.
#[derive(Clone, Debug, Default)]
pub struct Payouts {
    /// In any state, if empty.
    pub states: Vec<PayoutState>,
    /// By any method, if none.
    pub method: Option<PayoutMethod>,
}

/// An agent's payouts or everybody's, newest first.
#[must_use]
pub fn list(agent: Option<AgentId>, which: &Payouts) -> List<payout::Entity> {
    use payout::Column;
    let mut rows = payout::Entity::find();
    if let Some(agent) = agent {
        rows = rows.filter(Column::AgentId.eq(agent));
    }
    if !which.states.is_empty() {
        rows = rows.filter(Column::State.is_in(which.states.iter().copied()));
    }
    if let Some(method) = which.method {
        rows = rows.filter(Column::Method.eq(method));
    }
    List::newest_first("payouts", rows)
}
