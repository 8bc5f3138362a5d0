//! `idempotency`: the first answer to a request that moves money, kept as long as the ledger.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::IdempotencyKey;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    /// Who asked: a login's or a machine's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub actor_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: IdempotencyKey,
    /// SHA-256 of what was asked, in hexadecimal: the same key with another input is refused.
    pub fingerprint: String,
    /// The outcome or the refusal, as JSON.
    #[sea_orm(column_type = "Text")]
    pub answer: String,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
