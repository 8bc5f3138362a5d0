//! The one writer of money: collects commands, loads and locks their books, commits what the rules decided.

mod biller;
mod chain;
pub mod check;
mod job;
mod load;
mod past;
mod save;
mod trace;
mod writer;

pub use biller::bill_due;
pub use chain::{Checkpoint, NoCheckpoint, next_link};
pub use job::Answer;
pub use writer::{Ledger, LedgerOptions, Noting};
