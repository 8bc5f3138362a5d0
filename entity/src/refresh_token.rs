//! `refresh_token`: what a session is carried on with; used once, then another takes its place.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::SessionId;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "refresh_token")]
pub struct Model {
    /// SHA-256 of the token, in hexadecimal: the token itself is nowhere.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    pub session_id: SessionId,
    pub issued_at: DateTimeUtc,
    pub used_at: Option<DateTimeUtc>,
    /// What its successor is made of, together with the token itself: set at its use.
    pub salt: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
