//! `call_rate`: the public price of calls to a prefix from an instant on, until the next row of the same prefix (E35).

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{CallRateId, Money, Name};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "call_rate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CallRateId,
    /// Digits of an E.164 number, without the plus sign.
    pub prefix: String,
    pub effective_from: DateTimeUtc,
    pub destination: Name,
    pub price_per_minute: Money,
    pub connection_fee: Money,
    /// Seconds charged at least.
    pub initial_increment: i32,
    /// Seconds by which it grows after that.
    pub increment: i32,
}

impl ActiveModelBehavior for ActiveModel {}
