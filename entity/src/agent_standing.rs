//! `agent_standing`: what an operator decided about an agent, and why. Never changed.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::agent::AgentStatus;
use crate::{AgentId, LoginId, Prose, StandingId, TransactionId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "agent_standing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StandingId,
    pub agent_id: AgentId,
    /// 1, 2, 3 … for each agent. Before the first one it is active, since it joined.
    pub ordinal: i32,
    pub status: AgentStatus,
    /// Inclusive, until the next one.
    pub since: DateTimeUtc,
    pub reason: Prose,
    pub set_by: LoginId,
    /// What it released (E22) or forfeited (E23), where anything was held.
    pub transaction_id: Option<TransactionId>,
}

impl ActiveModelBehavior for ActiveModel {}
