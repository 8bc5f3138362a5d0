//! `account_event`: a transaction that touched a telephone account, in the order of its lock.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{CustomerId, Money, TransactionId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "account_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: CustomerId,
    /// 1, 2, 3 … without gap for each customer: the cursor.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub transaction_id: TransactionId,
    pub occurred_at: DateTimeUtc,
    pub cash: Money,
    pub promo: Money,
}

impl ActiveModelBehavior for ActiveModel {}
