//! `transfer`: funds from an agent to one of its customers.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{AgentId, CustomerId, Money, Name, TransactionId, TransferId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "transfer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TransferId,
    pub agent_id: AgentId,
    pub customer_id: CustomerId,
    pub amount: Money,
    pub from_funding: Money,
    pub from_commission: Money,
    pub reversed: Money,
    pub memo: Option<Name>,
    pub transaction_id: TransactionId,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
