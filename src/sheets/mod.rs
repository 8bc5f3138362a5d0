//! Papers: what reports and statements hold, and the same as CSV behind links that are good for ten minutes.

mod cells;
mod handle;
mod links;
mod report;
mod statement;
mod tables;

pub use handle::{Download, Sheets};
pub use links::Sheet;
pub use report::{AgentRow, Grouping, Key, Place, Report};
pub use statement::{AccountSum, Statement, name as account_name};
