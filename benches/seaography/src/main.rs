//! Seaography over the product's own tables: what it makes of the entities, with nothing added.
//!
//!     DATABASE_URL=postgres://… PORT=8003 seaography-peer

mod entities;

use std::sync::LazyLock;

use async_graphql_axum::GraphQL;
use axum::{Router, routing::post_service};
use entities::{affiliation, agent, charge, customer};
use sea_orm::{ConnectOptions, Database};
use seaography::{Builder, BuilderContext};
use tokio::net::TcpListener;

static CONTEXT: LazyLock<BuilderContext> = LazyLock::new(BuilderContext::default);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = ConnectOptions::new(std::env::var("DATABASE_URL")?);
    options.max_connections(16).sqlx_logging(false);
    let database = Database::connect(options).await?;
    let mut builder = Builder::new(&CONTEXT, database.clone());
    seaography::register_entities!(builder, [affiliation, agent, charge, customer]);
    let schema = builder.schema_builder().data(database).finish()?;
    let app = Router::new().route("/graphql", post_service(GraphQL::new(schema)));
    let port = std::env::var("PORT").unwrap_or_else(|_| "8003".into());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    axum::serve(listener, app).await?;
    Ok(())
}
