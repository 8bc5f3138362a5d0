use axum::Router;
use axum::routing::{MethodRouter, get};

use super::door::Door;
use super::engine::Engine;
use super::post;

/// `/graphql`: POST, GET and WebSocket.
pub fn graphql<E: Engine>(door: Door<E>) -> Router {
    let methods: MethodRouter<Door<E>> = get(post::get::<E>).post(post::post::<E>);
    Router::new().route("/graphql", methods).with_state(door)
}
