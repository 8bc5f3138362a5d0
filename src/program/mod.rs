//! The rules of the program: pure, without a database, a clock or a random number.

pub mod affiliations;
pub mod applications;
pub mod rates;
mod refusal;
mod terms;

pub use refusal::{Reason, Refusal};
pub use terms::{Terms, TopUpLimits};
