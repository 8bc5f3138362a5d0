//! `session`: a login's signed-in time, ended by sign-out, password change or a stolen token.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{LoginId, SessionId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub login_id: LoginId,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
    /// From where it was opened: an address, or an IPv6 host's /64.
    pub source: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
