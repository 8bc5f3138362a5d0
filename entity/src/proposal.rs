//! `proposal`: what an operator asked for that takes a second one (E17). No money moves before.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{AgentId, CustomerId, LoginId, Money, Name, ProposalId, TransactionId};

text_enum! {
    /// What is to be done.
    ProposalKind { Adjustment, WriteOff }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "proposal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProposalId,
    pub kind: ProposalKind,
    /// Whose cash it is about; `None` where it is about an agent's commission.
    pub customer_id: Option<CustomerId>,
    pub agent_id: Option<AgentId>,
    /// Signed.
    pub amount: Money,
    pub reason: Name,
    pub proposed_by: LoginId,
    pub created_at: DateTimeUtc,
    /// Nobody can second it from then on.
    pub expires_at: DateTimeUtc,
    /// Who seconded it, and when.
    pub seconded_by: Option<LoginId>,
    pub seconded_at: Option<DateTimeUtc>,
    pub transaction_id: Option<TransactionId>,
}

impl ActiveModelBehavior for ActiveModel {}
