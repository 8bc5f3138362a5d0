//! Values that know their own law: an invalid one cannot be made.

mod commission_rate;
mod exact;
mod ids;
mod money;
mod numbers;
mod text;

pub use commission_rate::{CommissionRate, Percent};
pub use exact::Exact;
pub use ids::*;
pub use money::Money;
pub use numbers::{AccountNumber, AgentNumber, MalformedNumber};
pub use text::{Email, IdempotencyKey, InvalidText, Name, PhoneNumber, Prose};
