//! The proof of the books: all that `program.md` says is always true, shown from the rows, or the rows that it fails on.

mod accounts;
mod affiliations;
mod answers;
mod chain;
mod chargebacks;
mod charges;
mod commissions;
mod entries;
mod events;
mod findings;
mod fraud;
mod later;
mod movements;
mod proof;
mod roll_ups;
mod run;
mod since;
mod standing;

pub use findings::{Check, Figure, Violation, report};
pub use run::{Progress, check};
pub use since::{Later, check_since, report_since};
