//! `chain_link`: what one commit of the ledger posted, hashed together with the link before it. Never changed.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "chain_link")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// 1, 2, 3 … without gap. Link 0 stands for what was there before the chain, and only counts it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// The hash of the link before it.
    pub previous: String,
    /// SHA-256 in hexadecimal, over `previous` and the rows of the transactions. Of link 0: its count.
    pub hash: String,
    /// How many transactions it is made of.
    pub transactions: i32,
    /// Their ids, in order, as a JSON list.
    #[sea_orm(column_type = "Text")]
    pub ids: String,
    /// The first sixteen digits of each transaction's own hash, in the same order: they tell which one was changed.
    #[sea_orm(column_type = "Text")]
    pub marks: String,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
