//! The rules of the program: pure, without a database, a clock or a random number.

mod adjustments;
pub mod affiliations;
pub mod applications;
mod bonuses;
mod books;
mod calls;
mod chargebacks;
mod charges;
mod clawbacks;
mod command;
mod commissions;
mod earned;
mod figures;
mod fraud;
pub mod lots;
mod noted;
mod owner;
mod parties;
mod payout_decisions;
mod payouts;
mod periods;
mod posting;
mod proposals;
mod purchases;
pub mod rates;
mod refunds;
mod refusal;
mod shelf;
mod slices;
pub mod standing;
mod terms;
mod top_ups;
mod transfers;

pub use adjustments::{PostAdjustment, Seconded, WriteOff};
pub use bonuses::PayBonus;
pub use books::{Added, AgentFile, Books, CustomerFile, DayKey, IdSource, SlotKey};
pub use calls::{CallRates, prefixes};
pub use chargebacks::ReverseTopUp;
pub use charges::{
    CLOCK_TOLERANCE, Call, OWN_SOURCE, RatedCharge, RecordCalls, RecordCharges, RowOutcome,
};
pub use command::{Command, Needs};
pub use commissions::slot_of;
pub use earned::Earned;
pub use figures::{AgentFigures, withdrawable};
pub use fraud::{ClearFraudCase, ConfirmFraudCase, MOST_CHARGES, OpenFraudCase, Suspects};
pub use noted::Noted;
pub use owner::Owner;
pub use parties::Party;
pub use payout_decisions::{
    ApprovePayout, CancelPayout, RejectPayout, ReturnPayout, SendPayout, SettlePayout,
};
pub use payouts::{Destination, PayoutDecided, Quote, RequestPayout, quote};
pub use periods::{Period, Span};
pub use posting::{Place, Posting, Tell};
pub use purchases::{
    BeginCardPurchase, CancelPlan, ChargePlanFee, FeeOutcome, PurchaseProduct, Purchased,
    external_id_of, own_source,
};
pub use refunds::{RefundCharge, Refunded};
pub use refusal::{Reason, Refusal};
pub use shelf::{Fate, Shelf};
pub use standing::{CloseAgent, ReinstateAgent, SuspendAgent};
pub use terms::{Terms, TopUpLimits};
pub use top_ups::{
    BeginTopUp, FinishTopUp, Finished, GatewaySaid, GaveBack, SettleTopUp, is_stale,
};
pub use transfers::{GrantPromo, ReverseTransfer, TransferFunds, Transferred};
