//! What moves money: each mutation translates its input to a command, and the command's answer to a payload.

mod parties;
mod payout_decisions;
mod payouts;
mod promo;
mod purchases;
mod recording;
mod top_ups;
mod transfers;

pub use payout_decisions::PayoutDecisionMutation;
pub use payouts::{PayoutMutation, PayoutQuoteQuery};
pub use promo::PromoMutation;
pub use purchases::PurchaseMutation;
pub use recording::RecordingMutation;
pub use top_ups::TopUpMutation;
pub use transfers::TransferMutation;
