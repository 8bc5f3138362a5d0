//! Routes, GraphQL over HTTP and WebSocket, GraphiQL, health and metrics.

mod documents;
mod door;
mod engine;
mod gate;
mod gauge;
pub mod graphiql;
mod guest;
mod health;
mod json;
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

pub use documents::{Documents, Rules, Trusted};
pub use door::Door;
pub use engine::{Engine, rules};
pub use gate::Gate;
pub use health::Metrics;
pub use patience::Patience;
pub use routes::{graphql, routes};
pub use serve::serve;
pub use socket::SocketOptions;
