//! The whole server, put together from the settings; and what the commands do with it.

mod assembly;
mod chores;
mod commands;
mod demo_world;
mod greeting;
mod serving;

pub use assembly::{App, Parts};
pub use commands::run;
