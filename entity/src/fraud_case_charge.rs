//! `fraud_case_charge`: a charge of a fraud case, and what the case holds of its commission.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{AgentId, ChargeId, CommissionId, FraudCaseId, Money};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "fraud_case_charge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: FraudCaseId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub charge_id: ChargeId,
    /// What it earned, and whom; `None` where nobody earned on it.
    pub commission_id: Option<CommissionId>,
    pub agent_id: Option<AgentId>,
    /// What of `agent:held` is this commission's; nothing once the case is decided.
    pub held: Money,
}

impl ActiveModelBehavior for ActiveModel {}
