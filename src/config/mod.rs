//! Settings, from flags and environment.

mod check;
mod words;

pub use check::{Config, Faults};
pub use words::{Action, Line, Migrate, Operator, Settings};
