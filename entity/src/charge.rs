//! `charge`: one paid, or free, call, service or monthly fee.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    AgentId, ChargeId, CustomerId, Money, Name, PhoneNumber, PlanId, ProductId, TransactionId,
};

text_enum! {
    /// What was charged for.
    ChargeKind { Call, Service, PlanFee }
}

text_enum! {
    /// What became of a charge.
    ChargeState { Posted, PartiallyRefunded, Refunded, FraudHeld, FraudConfirmed }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "charge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChargeId,
    pub customer_id: CustomerId,
    /// The agent of record at `occurred_at`, whether it earned or not. `None`: a house customer.
    pub agent_id: Option<AgentId>,
    pub kind: ChargeKind,
    pub state: ChargeState,
    pub description: Name,
    pub product_id: Option<ProductId>,
    pub plan_id: Option<PlanId>,
    pub amount: Money,
    /// The part paid with promotional credit: nobody earns on it (E03).
    pub promo_part: Money,
    pub refunded: Money,
    pub commissionable: bool,
    /// The answer time of a call, the date of a fee: decides rate and agent (E05).
    pub occurred_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
    pub transaction_id: Option<TransactionId>,
    /// Who posted it; unique together with `external_id` (E30).
    pub source: Name,
    pub external_id: Name,
    pub call_to: Option<PhoneNumber>,
    pub call_destination: Option<Name>,
    pub call_seconds: Option<i32>,
    pub call_billed_seconds: Option<i32>,
    pub call_price_per_minute: Option<Money>,
}

impl ActiveModelBehavior for ActiveModel {}
