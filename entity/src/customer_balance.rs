//! `customer_balance`: a telephone account's money, and the row whose lock orders all that happens to it.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{CustomerId, Money};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "customer_balance")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: CustomerId,
    /// Below zero only by a call or a charged-back top-up (E31, E29).
    pub cash: Money,
    /// The version of `customer:cash`: how many entries it has.
    pub cash_version: i64,
    pub promo: Money,
    pub promo_version: i64,
    /// The position of the newest row of `account_event`.
    pub event_seq: i64,
}

impl ActiveModelBehavior for ActiveModel {}
