//! `payout`: an agent's request for money, and what became of it.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{AgentId, Email, LoginId, Money, Name, PayoutId, Prose};

text_enum! {
    /// How money is paid out (R36).
    PayoutMethod { Check, Paypal, Wire }
}

text_enum! {
    /// REQUESTED → APPROVED → SENT → PAID; REQUESTED → CANCELLED; REQUESTED or APPROVED → REJECTED; SENT → RETURNED.
    PayoutState { Requested, Approved, Sent, Paid, Cancelled, Rejected, Returned }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "payout")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PayoutId,
    pub agent_id: AgentId,
    pub method: PayoutMethod,
    /// Asked for, and taken from the agent.
    pub gross: Money,
    /// As of the request (E15).
    pub fee: Money,
    /// `gross - fee`: what arrives.
    pub net: Money,
    pub from_commission: Money,
    pub from_funding: Money,
    pub state: PayoutState,
    pub payee: Option<Name>,
    pub address: Option<Prose>,
    pub paypal_email: Option<Email>,
    pub bank_name: Option<Name>,
    pub account_number: Option<Name>,
    pub routing_code: Option<Name>,
    pub reference: Option<Name>,
    pub reason: Option<Prose>,
    pub requested_at: DateTimeUtc,
    pub approved_by: Option<LoginId>,
    pub decided_at: Option<DateTimeUtc>,
    pub sent_at: Option<DateTimeUtc>,
    pub settled_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
