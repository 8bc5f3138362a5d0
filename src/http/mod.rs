//! Routes, GraphQL over HTTP and WebSocket, GraphiQL, health and metrics.

mod document;
mod door;
mod engine;
mod gate;
pub mod graphiql;
mod health;
mod measure;
mod negotiate;
mod origin;
mod patience;
mod post;
mod refusal;
mod request;
mod routes;
mod serve;
mod sheets;
mod socket;
mod upgrade;
mod variables;

pub use door::Door;
pub use engine::Engine;
pub use gate::Gate;
pub use health::Metrics;
pub use patience::Patience;
pub use routes::{graphql, routes};
pub use serve::serve;
pub use socket::SocketOptions;
