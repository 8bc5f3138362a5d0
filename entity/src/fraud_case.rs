//! `fraud_case`: charges under suspicion, whose commission waits for an operator (E28).

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{FraudCaseId, LoginId, Money, Prose};

text_enum! {
    /// What is suspected.
    FraudReason { StolenPayment, ArtificialTraffic, SelfDealing, Abuse, Other }
}

text_enum! {
    /// OPEN → CONFIRMED, CLEARED.
    FraudCaseState {
        /// Commission is held.
        Open,
        /// Commission was taken back.
        Confirmed,
        /// Commission was released.
        Cleared,
    }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "fraud_case")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FraudCaseId,
    pub reason: FraudReason,
    pub note: Option<Prose>,
    pub state: FraudCaseState,
    /// What was taken back when it was confirmed.
    pub clawed_back: Money,
    pub opened_by: LoginId,
    pub opened_at: DateTimeUtc,
    pub decided_by: Option<LoginId>,
    pub decided_at: Option<DateTimeUtc>,
    pub decision_note: Option<Prose>,
}

impl ActiveModelBehavior for ActiveModel {}
