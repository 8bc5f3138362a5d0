//! `agent_event`: what happened to an agent, in the order of its lock: the stream that subscribers follow.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::payout::PayoutState;
use crate::{AgentId, CommissionRate, Exact, Money, TransactionId};

text_enum! {
    /// What an event is about.
    AgentEventKind {
        /// Earned, clawed back, held, released, or a bonus.
        Commission,
        /// A customer came, was claimed, or went.
        Customer,
        Transfer,
        Payout,
        CommissionRate,
        /// It was suspended, reinstated or closed.
        Standing,
        /// The agent's own telephone account was used or paid into: told by `accountEvents`, not by `agentEvents`.
        OwnAccount,
    }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "agent_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub agent_id: AgentId,
    /// 1, 2, 3 … without gap for each agent: the cursor.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub kind: AgentEventKind,
    /// The commission, customer, transfer or payout, by `kind`; the agent itself for a rate.
    pub subject_id: Uuid,
    /// The transaction that moved one of its accounts, where one did.
    pub transaction_id: Option<TransactionId>,
    /// The rate that was set, for that kind.
    pub commission_rate: Option<CommissionRate>,
    /// The payout's state right after this event, for that kind.
    pub payout_state: Option<PayoutState>,
    pub occurred_at: DateTimeUtc,
    pub funding: Money,
    pub commission: Money,
    pub held: Money,
    pub reserved: Money,
    pub carry: Exact,
}

impl ActiveModelBehavior for ActiveModel {}
