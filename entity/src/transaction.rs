//! `transaction`: a balanced set of ledger entries: all that one event moved. Never changed.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Name, TransactionId};

text_enum! {
    /// What happened (`program.md`, section 3).
    TransactionKind {
        TopUp,
        TopUpReversed,
        PromoGrant,
        Charge,
        ChargeRefunded,
        Transfer,
        TransferReversed,
        CommissionClawback,
        CommissionHeld,
        CommissionReleased,
        CommissionForfeited,
        Bonus,
        PayoutReserved,
        PayoutReleased,
        PayoutSent,
        PayoutSettled,
        PayoutReturned,
        Adjustment,
        WriteOff,
    }
}

text_enum! {
    /// What kind of thing caused a transaction (R48).
    Cause {
        TopUp,
        Charge,
        Commission,
        Transfer,
        Payout,
        /// The agent itself, where an operator gave or corrected, or changed its standing.
        Agent,
        /// Under suspicion, confirmed or cleared.
        FraudCase,
        /// The customer itself, where an operator gave or corrected.
        Customer,
    }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "transaction")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TransactionId,
    pub kind: TransactionKind,
    pub description: Name,
    pub cause: Cause,
    /// The id of the charge, transfer, payout … that caused it, by `cause`.
    pub cause_id: Uuid,
    pub occurred_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
