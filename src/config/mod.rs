//! Settings, from flags and environment.

mod check;
mod crowd;
mod limits;
mod proxies;
mod words;

pub use check::{Config, Faults};
pub use crowd::Crowd;
pub use limits::{Limits, Pace};
pub use proxies::{Proxies, ProxyHeader};
pub use words::{Action, Line, Migrate, Operator, Settings};
