//! `commission_rate`: an agent's rate from an instant on. It ends where the next one begins, so there is no gap and no overlap.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{AgentId, CommissionRate, LoginId, Prose};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "commission_rate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub agent_id: AgentId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub effective_from: DateTimeUtc,
    pub commission_rate: CommissionRate,
    pub reason: Prose,
    pub set_by: Option<LoginId>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
