//! `plan`: a monthly fee that runs for a customer (E31).

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{CustomerId, PlanId, ProductId};

text_enum! {
    /// Whether a fee runs.
    PlanState {
        Active,
        /// Could not be paid; retried daily (E31).
        PastDue,
        Cancelled,
    }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "plan")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PlanId,
    pub customer_id: CustomerId,
    pub product_id: ProductId,
    pub state: PlanState,
    pub started_at: DateTimeUtc,
    /// How many fees were charged: the next one is due `period` months after `started_at`.
    pub period: i32,
    /// When the next fee is due. It is dated so, however late it is paid.
    pub due_at: DateTimeUtc,
    /// When it is tried (again). `None` once cancelled.
    pub next_attempt_at: Option<DateTimeUtc>,
    pub cancelled_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
