//! Routes, GraphQL over HTTP and WebSocket, GraphiQL, health and metrics.

pub mod graphiql;
