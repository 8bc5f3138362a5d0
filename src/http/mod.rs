//! Routes, GraphQL over HTTP and WebSocket, GraphiQL, health and metrics.

mod document;
mod door;
mod engine;
mod gate;
pub mod graphiql;
mod negotiate;
mod post;
mod request;
mod routes;
mod socket;
mod upgrade;
mod variables;

pub use door::Door;
pub use engine::Engine;
pub use gate::Gate;
pub use routes::graphql;
pub use socket::SocketOptions;
