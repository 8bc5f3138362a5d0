//! What happened after a position, and then what happens: the streams that subscribers follow.
//!
//! Hints say that something happened, the tables say what. So nothing is missed and nothing comes twice, whatever happens to
//! a connection, a process or a hint.

mod following;
mod handle;
mod immature;
mod rights;

pub use following::Following;
pub use handle::Live;
pub use immature::immature;
pub use rights::Followed;
