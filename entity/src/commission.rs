//! `commission`: what a charge earned an agent, or what was taken back. Never changed.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    AgentId, ChargeId, CommissionId, CommissionRate, CustomerId, Exact, Money, StandingId,
    TransactionId,
};

text_enum! {
    /// Why there is a commission.
    CommissionKind { Earned, Clawback, Bonus }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "commission")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CommissionId,
    pub agent_id: AgentId,
    pub customer_id: Option<CustomerId>,
    pub charge_id: Option<ChargeId>,
    pub kind: CommissionKind,
    /// The commissionable amount: paid, not promotional (E03).
    pub base: Money,
    pub commission_rate: CommissionRate,
    /// `base × rate`; negative on a clawback (E01).
    pub exact: Exact,
    /// What was credited: `floor4(exact + carry_before)`.
    pub amount: Money,
    pub carry_before: Exact,
    pub carry_after: Exact,
    /// Credited to `agent:held` rather than `agent:commission` (E22).
    pub held: bool,
    /// The suspension under which it was earned, also where it was decided on before this was posted (E22).
    pub suspension_id: Option<StandingId>,
    /// The row that a clawback takes back.
    pub reverses_id: Option<CommissionId>,
    pub transaction_id: TransactionId,
    /// Which day of a report it belongs to: the charge's `occurred_at`, or when it was taken back.
    pub occurred_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
    /// From when on it may be paid out (E09).
    pub matures_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
