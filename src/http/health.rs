//! For whoever keeps the server running: `/health/live`, `/health/ready`, `/metrics`.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::store::Db;

/// Longer, and the database is as good as gone.
const PATIENCE: Duration = Duration::from_secs(2);
/// Upper bounds in seconds: from a commit on a good disk to what nobody waits for.
const SECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// What has been counted, as Prometheus reads it.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Counts for this process from now on.
    ///
    /// # Errors
    /// When somebody counts already.
    pub fn install() -> Result<Self, Error> {
        PrometheusBuilder::new()
            .set_buckets(&SECONDS)
            .and_then(PrometheusBuilder::install_recorder)
            .map(Self)
            .map_err(|fault| Error::Fault(format!("metrics: {fault}")))
    }
}

#[derive(Clone)]
struct Health {
    db: Db,
    closing: CancellationToken,
    metrics: Option<Metrics>,
}

pub(super) fn routes(db: Db, closing: CancellationToken, metrics: Option<Metrics>) -> Router {
    Router::new()
        .route("/health/live", get(|| async { "alive\n" }))
        .route("/health/ready", get(ready))
        .route("/metrics", get(told))
        .with_state(Health {
            db,
            closing,
            metrics,
        })
}

/// Whether requests are answered now: the database answers, and no stop has begun.
async fn ready(State(health): State<Health>) -> Response {
    let answered = tokio::time::timeout(PATIENCE, health.db.reader().ping()).await;
    let (status, text) = if health.closing.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else if matches!(answered, Ok(Ok(()))) {
        (StatusCode::OK, "ready\n")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not answer\n",
        )
    };
    (status, [(CACHE_CONTROL, "no-store")], text).into_response()
}

async fn told(State(health): State<Health>) -> Response {
    let Some(Metrics(handle)) = health.metrics else {
        return StatusCode::NOT_FOUND.into_response();
    };
    metrics::counter!("agent_program_statements_total").absolute(health.db.statements());
    handle.run_upkeep();
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(CONTENT_TYPE, kind)], handle.render()).into_response()
}
