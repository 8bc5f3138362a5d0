//! `audit_entry`: who did what, to what, for whom, from where. Append-only.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{AuditEntryId, CustomerId, LoginId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditEntryId,
    pub at: DateTimeUtc,
    /// Whose login did it, or was tried; `None` where somebody tried one that there is not.
    pub actor_id: Option<LoginId>,
    /// The customer in whose account an agent acted, that manages it.
    pub acting_for_id: Option<CustomerId>,
    /// The mutation's name, or what became of an attempt.
    pub action: String,
    /// A global id.
    pub subject: Option<String>,
    pub detail: Option<String>,
    /// Where it came from: an address, as far as it can be believed.
    pub source: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
