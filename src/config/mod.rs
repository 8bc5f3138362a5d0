//! Settings, from flags and environment.

mod check;
mod proxies;
mod words;

pub use check::{Config, Faults};
pub use proxies::{Proxies, ProxyHeader};
pub use words::{Action, Line, Migrate, Operator, Settings};
