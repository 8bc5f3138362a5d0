//! `agent_balance`: an agent's money, and the row whose lock orders all that happens to the agent.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{AgentId, Exact, Money};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "agent_balance")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub agent_id: AgentId,
    /// Below zero only by clawback (E08).
    pub commission: Money,
    /// The version of `agent:commission`: how many entries it has.
    pub commission_version: i64,
    pub held: Money,
    pub held_version: i64,
    pub reserved: Money,
    pub reserved_version: i64,
    /// Earned fractions below 0.0001, not yet credited (E01).
    pub carry: Exact,
    /// The position of the newest row of `agent_event`.
    pub event_seq: i64,
}

impl ActiveModelBehavior for ActiveModel {}
