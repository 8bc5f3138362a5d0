//! What can be done: each mutation translates its input to a story or a command, and the answer to a payload.

mod adjustments;
mod applications;
mod catalogue;
mod machines;
mod parties;
mod payout_decisions;
mod payouts;
mod promo;
mod purchases;
mod rates;
mod recording;
mod refunds;
mod sessions;
mod signups;
mod top_ups;
mod transfers;

pub use adjustments::AdjustmentMutation;
pub use applications::ApplicationMutation;
pub use catalogue::CatalogueMutation;
pub use machines::MachineMutation;
pub use payout_decisions::PayoutDecisionMutation;
pub use payouts::{PayoutMutation, PayoutQuoteQuery};
pub use promo::PromoMutation;
pub use purchases::PurchaseMutation;
pub use rates::RateMutation;
pub use recording::RecordingMutation;
pub use refunds::RefundMutation;
pub use sessions::SessionMutation;
pub use signups::SignUpMutation;
pub use top_ups::TopUpMutation;
pub use transfers::TransferMutation;
