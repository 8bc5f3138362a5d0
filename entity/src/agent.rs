//! `agent`: a reseller of the program, who earns a commission on what its customers pay for.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{AgentId, AgentNumber, ApplicationId, CustomerId, LoginId, Name};

text_enum! {
    /// A person or a company (R01).
    AgentKind { Individual, Business }
}

text_enum! {
    /// ACTIVE ⇄ SUSPENDED → CLOSED.
    AgentStatus {
        Active,
        /// Earns into `held` until an operator decides (E22).
        Suspended,
        /// Earns nothing. Final (E23).
        Closed,
    }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "agent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AgentId,
    pub number: AgentNumber,
    pub login_id: LoginId,
    /// Its own telephone account: the cash there is its funding.
    pub customer_id: CustomerId,
    pub application_id: Option<ApplicationId>,
    pub display_name: Name,
    pub kind: AgentKind,
    pub status: AgentStatus,
    pub joined_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
