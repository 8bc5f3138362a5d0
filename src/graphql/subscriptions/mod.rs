//! What can be followed. Each file holds a stream's root fields and the types of its events.

mod account_events;
mod agent_events;
mod desk_events;
mod feed;

pub use account_events::{AccountEvent, AccountSubscription};
pub use agent_events::{AgentEvent, AgentSubscription};
pub use desk_events::{DeskEvent, DeskSubscription};
