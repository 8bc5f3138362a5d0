//! `api_key`: a machine's key: a telephone switch that posts calls, or a payment processor.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{ApiKeyId, LoginId, Name};

text_enum! {
    /// What a machine is there for.
    MachineRole {
        /// Posts calls and charges, reads nothing.
        Switch,
        /// Reports top-ups and payouts, reads nothing.
        Processor,
    }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiKeyId,
    pub name: Name,
    pub role: MachineRole,
    /// SHA-256 of the secret, in hexadecimal.
    pub hash: String,
    pub created_by: LoginId,
    pub created_at: DateTimeUtc,
    pub last_used_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
