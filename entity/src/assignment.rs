//! `assignment`: an operator's decision who is a customer's agent of record (E24). Never changed.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{AgentId, AssignmentId, CustomerId, LoginId, Prose};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "assignment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AssignmentId,
    pub customer_id: CustomerId,
    /// Whose it was. `None`: nobody's.
    pub from_agent_id: Option<AgentId>,
    /// Whose it is from then on. `None`: nobody's, a house customer.
    pub to_agent_id: Option<AgentId>,
    pub reason: Prose,
    pub set_by: LoginId,
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
