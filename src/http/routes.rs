use std::time::Duration;

use axum::Router;
use axum::http::Method;
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::response::Redirect;
use axum::routing::{get, post as post_to};
use tower_http::cors::CorsLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

use super::door::Door;
use super::engine::Engine;
use super::health::{self, Metrics};
use super::request_id::REQUEST_ID;
use super::{graphiql, post, sheets, sse};
use crate::graphql::sdl;
use crate::sheets::Sheets;
use crate::store::Db;

/// How long a browser keeps what it was told of CORS.
const CORS_AGE: Duration = Duration::from_hours(1);

/// `/graphql`: POST, GET and WebSocket, and `/graphql/stream`: server-sent events; for programs and for the pages that are let in.
pub fn graphql<E: Engine>(door: &Door<E>) -> Router {
    let origins = door
        .origins
        .iter()
        .filter_map(|it| it.parse::<HeaderValue>().ok());
    let cors = CorsLayer::new()
        .allow_origin(origins.collect::<Vec<_>>())
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            ACCEPT,
            AUTHORIZATION,
            CONTENT_TYPE,
            post::REQUEST_COST,
            REQUEST_ID,
            sse::LAST_EVENT_ID,
        ])
        .expose_headers([REQUEST_ID, RETRY_AFTER])
        .max_age(CORS_AGE);
    Router::new()
        .route("/graphql", get(post::get::<E>).post(post::post::<E>))
        .route("/graphql/stream", get(sse::get::<E>).post(sse::post::<E>))
        .route("/graphql/stream/ticket", post_to(sse::ticket::<E>))
        .layer(cors)
        .with_state(door.clone())
}

/// All that is served.
pub fn routes<E: Engine>(
    door: &Door<E>,
    db: Db,
    files: Sheets,
    metrics: Option<Metrics>,
) -> Router {
    let schema = sdl();
    let schema = get(|| async move { ([(CONTENT_TYPE, "text/plain; charset=utf-8")], schema) });
    let keys = door.gate.public_keys();
    let keys = get(|| async move {
        let kept = (CACHE_CONTROL, "public, max-age=300");
        ([kept, (CONTENT_TYPE, "application/jwk-set+json")], keys)
    });
    let nosniff = HeaderValue::from_static("nosniff");
    graphql(door)
        .merge(graphiql::routes())
        .merge(sheets::routes(files))
        .merge(health::routes(db, door.closing.clone(), metrics))
        .route("/schema.graphql", schema)
        .route("/.well-known/jwks.json", keys)
        .route("/", get(|| async { Redirect::to("/graphiql") }))
        .layer(SetResponseHeaderLayer::overriding(
            X_CONTENT_TYPE_OPTIONS,
            nosniff,
        ))
        .layer(TraceLayer::new_for_http())
}
