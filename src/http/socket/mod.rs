//! GraphQL over WebSocket: the `graphql-transport-ws` protocol.

mod connection;
mod options;
mod outbox;
mod protocol;

pub(super) use connection::serve;
pub use options::SocketOptions;
pub(super) use protocol::PROTOCOL;
