//! `agent_slot`: what happened to an agent's customers in a quarter of an hour, kept by the transactions that did it.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::charge::ChargeKind;
use crate::{AgentId, Money};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "agent_slot")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub agent_id: AgentId,
    /// When the quarter of an hour begins: every time zone's days begin at one.
    #[sea_orm(primary_key, auto_increment = false)]
    pub slot: DateTimeUtc,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: ChargeKind,
    pub charges: i64,
    pub calls: i64,
    pub call_seconds: i64,
    /// Paid for, in cash or promotional credit.
    pub spent: Money,
    /// What commission is due on.
    pub base: Money,
    pub earned: Money,
    pub clawed_back: Money,
}

impl ActiveModelBehavior for ActiveModel {}
