//! `desk`: the operators' desk: one row, whose lock orders `desk_event`.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "desk")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The position of the newest row of `desk_event`.
    pub event_seq: i64,
}

impl ActiveModelBehavior for ActiveModel {}
