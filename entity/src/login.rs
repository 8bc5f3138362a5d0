//! `login`: a person who can sign in.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Email, LoginId, Name};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "login")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LoginId,
    pub email: Email,
    /// [`Email::key`]: unique, so that letters of either case are one login.
    pub email_key: String,
    /// [`Email::person`]: what self-referral is told by (E18).
    pub email_person: String,
    pub name: Name,
    /// Argon2id, in PHC form. `None` until a claim link is used.
    pub password_hash: Option<String>,
    pub operator: bool,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
