//! Routes, GraphQL over HTTP and WebSocket, GraphiQL, health and metrics.

mod document;
mod door;
mod engine;
mod gate;
mod gauge;
pub mod graphiql;
mod guest;
mod health;
mod measure;
mod negotiate;
mod origin;
mod outbox;
mod patience;
mod post;
mod pump;
mod refusal;
mod request;
mod roots;
mod routes;
mod seats;
mod serve;
mod sheets;
mod socket;
mod sse;
mod streams;
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
