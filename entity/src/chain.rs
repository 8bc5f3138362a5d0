//! `chain`: where each shard of the hash chain ends. A row is the head that the next link of its shard follows.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "chain")]
pub struct Model {
    /// 0 to 7: several processes post at once, and each takes a shard that no other holds.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// The number of its newest link.
    pub seq: i64,
    /// That link's hash.
    pub hash: String,
}

impl ActiveModelBehavior for ActiveModel {}
