//! `customer_day`: what a customer spent and earned its agent on a UTC day, kept by the transactions that did it.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{AgentId, CustomerId, Money};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "customer_day")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub agent_id: AgentId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: CustomerId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Date,
    pub charges: i64,
    pub calls: i64,
    pub call_seconds: i64,
    /// Paid for, in cash or promotional credit.
    pub spent: Money,
    /// What commission is due on.
    pub base: Money,
    pub earned: Money,
    pub clawed_back: Money,
    pub last_charge_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
