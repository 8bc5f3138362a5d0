//! `/csv/{link}`: reports and statements as files, by links that reports and statements hand out.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::sheets::Sheets;

/// Nothing of a link stays anywhere, and what it leads to is shown by no page.
const HEADERS: [(HeaderName, &str); 3] = [
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
];

pub(super) fn routes(sheets: Sheets) -> Router {
    Router::new()
        .route("/csv/{link}", get(file))
        .with_state(sheets)
}

async fn file(State(sheets): State<Sheets>, Path(link): Path<String>) -> Response {
    match sheets.open(&link).await {
        Ok(Some(file)) => {
            let kind = (CONTENT_TYPE, "text/csv; charset=utf-8; header=present");
            let name = format!("attachment; filename=\"{}\"", file.name);
            let body = Body::from_stream(file.chunks);
            (HEADERS, [kind], [(CONTENT_DISPOSITION, name)], body).into_response()
        }
        Ok(None) => {
            let problem =
                "This link is not, or no longer, good. Ask for the report or statement again.\n";
            (StatusCode::GONE, HEADERS, problem).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a file could not be made");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                HEADERS,
                "internal error\n",
            )
                .into_response()
        }
    }
}
