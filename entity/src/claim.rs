//! `claim`: a link by which a customer takes over its account, or a new agent sets its password (E25).

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::CustomerId;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "claim")]
pub struct Model {
    /// SHA-256 of the token in the link, in hexadecimal.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    pub customer_id: CustomerId,
    pub issued_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    /// When it was used, or died because a newer one was issued.
    pub spent_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
