//! `application`: a request to become an agent (R02 to R08).

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::agent::AgentKind;
use crate::{ApplicationId, Email, LoginId, Name, Prose};
use sea_orm::FromJsonQueryResult;

text_enum! {
    /// Where an application stands: `SUBMITTED` ⇄ `INFO_REQUESTED` → `APPROVED`, `REJECTED`, `WITHDRAWN`.
    ApplicationState { Submitted, InfoRequested, Approved, Rejected, Withdrawn }
}

impl ApplicationState {
    /// Whether it still waits for somebody.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Submitted | Self::InfoRequested)
    }
}

text_enum! {
    /// By which channels the service is to be promoted (R03).
    PromotionChannel { WordOfMouth, InternetAdvertising, SalesPeople, NewspaperOrMagazine, Other }
}

text_enum! {
    /// How far the applicant gets involved with its customers (R04).
    Involvement { LinkOnly, Setup, Maintenance, Support }
}

text_enum! {
    /// Where it means to sell (R05).
    MarketScope { Internet, Local, Regional, Country, MultiCountry }
}

/// The channels chosen, each once, in the order given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Promotion(pub Vec<PromotionChannel>);

/// The ways of involvement chosen, each once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Involvements(pub Vec<Involvement>);

/// The markets chosen, each once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Markets(pub Vec<MarketScope>);

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "application")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApplicationId,
    /// Who was signed in when it was sent, if anybody.
    pub login_id: Option<LoginId>,
    pub kind: AgentKind,
    pub name: Name,
    pub email: Email,
    /// [`Email::key`]: one open application for each.
    pub email_key: String,
    pub business: Prose,
    pub plan: Prose,
    #[sea_orm(column_type = "Json")]
    pub promotion: Promotion,
    pub promotion_detail: Option<Prose>,
    #[sea_orm(column_type = "Json")]
    pub involvement: Involvements,
    #[sea_orm(column_type = "Json")]
    pub markets: Markets,
    pub places: Option<Prose>,
    /// Customers expected after one month (R06).
    pub projection_1: i32,
    /// After three months.
    pub projection_3: i32,
    /// After six months.
    pub projection_6: i32,
    /// After a year.
    pub projection_12: i32,
    pub notes: Option<Prose>,
    pub state: ApplicationState,
    pub submitted_at: DateTimeUtc,
    pub decided_at: Option<DateTimeUtc>,
    pub decided_by: Option<LoginId>,
    /// What the operator asked or answered.
    pub response: Option<Prose>,
}

impl ActiveModelBehavior for ActiveModel {}
