//! The proof of the books: all that `program.md` says is always true, shown from the rows, or the rows that it fails on.

mod accounts;
mod affiliations;
mod answers;
mod chargebacks;
mod charges;
mod commissions;
mod entries;
mod events;
mod findings;
mod movements;
mod proof;
mod roll_ups;
mod run;
mod standing;

pub use findings::{Check, Figure, Violation, report};
pub use run::{Progress, check};
