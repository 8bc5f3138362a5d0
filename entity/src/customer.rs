//! `customer`: a telephone account of the provider.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{AccountNumber, CustomerId, Email, LoginId, Name};

text_enum! {
    /// How far an account is.
    CustomerStatus {
        /// Signed up by an agent, and not yet claimed.
        Pending,
        Active,
        Suspended,
        Closed,
    }
}

impl CustomerStatus {
    /// Whether it can buy and be given money.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Active)
    }
}

text_enum! {
    /// Who acts inside the account (R24).
    Management {
        /// The customer holds its own login.
        Own,
        /// A claim link is out; until it is used the agent manages.
        PendingHandover,
        /// The agent keeps the account under its own control.
        AgentManaged,
    }
}

impl Management {
    /// Whether the agent of record acts inside the account (R24).
    #[must_use]
    pub fn is_by_agent(self) -> bool {
        self != Self::Own
    }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CustomerId,
    pub number: AccountNumber,
    /// `None` until somebody holds its login.
    pub login_id: Option<LoginId>,
    pub name: Name,
    pub email: Option<Email>,
    pub status: CustomerStatus,
    pub management: Management,
    pub joined_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
