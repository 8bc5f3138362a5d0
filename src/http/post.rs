//! GraphQL over HTTP: `POST /graphql`, and `GET /graphql` for queries.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{ServerError, Value};
use axum::body::{Body, Bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Query, State};
use axum::http::header::{
    ACCEPT, ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER, UPGRADE,
    VARY, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;

use super::door::{Door, Ready, is_request_error};
use super::engine::Engine;
use super::guest::Guest;
use super::json::Malformed;
use super::negotiate::Media;
use super::refusal::refused;
use super::request::{Asked, Parameters};
use super::request_id::REQUEST_ID;
use super::seats::Seat;
use super::streams::{self, Multipart};
use super::unison::Told;
use super::upgrade::upgrade;
use crate::Error;
use crate::auth::{Actor, Origin};
use crate::graphql::fault::{self, code};
use crate::graphql::limits;

/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// What is too long is read so far, and not kept: its client would not hear the answer while it is still sending.
const HEARD_OUT: usize = 4_000_000;
/// What is told to whoever finds the server busy.
const BUSY_SECONDS: u64 = 1;
/// Asks for `extensions.cost`.
pub(super) const REQUEST_COST: HeaderName = HeaderName::from_static("x-request-cost");

/// Why a request is not executed: a status for whoever takes `graphql-response+json`, and errors that say why.
pub(super) struct Refusal {
    status: StatusCode,
    errors: Vec<ServerError>,
    /// The request as such was fine, its document was not: 200 for whoever takes `application/json` only.
    well_formed: bool,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            errors: vec![refused(code, message, [])],
            well_formed: false,
        }
    }

    pub(super) fn malformed(problem: Malformed) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code::BAD_USER_INPUT, problem)
    }

    /// Its document or variables are at fault, or it panicked.
    pub(super) fn unexecuted(errors: Vec<ServerError>) -> Self {
        if any(&errors, code::INTERNAL) {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            return Self {
                status,
                errors,
                well_formed: false,
            };
        }
        Self {
            status: StatusCode::BAD_REQUEST,
            errors,
            well_formed: true,
        }
    }

    pub(super) fn of(error: Error, request_id: &str) -> Self {
        let status = match error {
            Error::Unauthenticated => StatusCode::UNAUTHORIZED,
            Error::Forbidden => StatusCode::FORBIDDEN,
            Error::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Error::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Error::Refused(_) | Error::BadArgument { .. } | Error::CursorExpired => {
                StatusCode::BAD_REQUEST
            }
            Error::Database(_) | Error::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self {
            status,
            errors: vec![fault::of(error, request_id)],
            well_formed: false,
        }
    }
}

/// The status of an answer: executed is 200, unless it was one attempt too many; else whether the request as such was fine
/// decides, for whoever knows no other status.
fn status(answer: &Result<Arc<Told>, Refusal>, media: Media) -> StatusCode {
    let answer = answer.as_ref().map(|told| &told.answer);
    match answer {
        Ok(answer) if is_nothing(&answer.data) && any(&answer.errors, code::RATE_LIMITED) => {
            StatusCode::TOO_MANY_REQUESTS
        }
        Ok(_) => StatusCode::OK,
        Err(refusal) if refusal.well_formed && media == Media::Json => StatusCode::OK,
        Err(refusal) => refusal.status,
    }
}

/// Whether no root field was answered.
fn is_nothing(data: &Value) -> bool {
    match data {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(|value| *value == Value::Null),
        _ => false,
    }
}

/// Whether the answer is to say what it cost.
fn wants_cost(headers: &HeaderMap) -> bool {
    let wanted = headers.get(REQUEST_COST).map(HeaderValue::as_bytes);
    wanted.is_some_and(|it| it.eq_ignore_ascii_case(b"true") || it == b"1")
}

pub(super) async fn post<E: Engine>(
    State(door): State<Door<E>>,
    origin: Origin,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let request_id = origin.request_id.clone();
    let streamed = streams::is_taken(&headers);
    let media = Media::negotiate(&headers).or(streamed.then_some(Media::Response));
    let Some(media) = media else {
        return not_acceptable(&request_id);
    };
    let work = async {
        must_be_json(&headers)?;
        let actor = enter(&door, &headers, &request_id).await?;
        let bytes = read(body, most(&actor)).await?;
        let asked = Asked::from_bytes(&bytes).map_err(Refusal::malformed)?;
        let ready = door
            .ready(&asked, actor.clone(), origin)
            .map_err(Refusal::unexecuted)?
            .telling_cost(wants_cost(&headers));
        if bytes.len() > limits::BODY_BYTES as usize && !ready.is_bulky() {
            return Err(too_large(limits::BODY_BYTES));
        }
        if streamed && ready.kind() == OperationType::Subscription {
            let seat = seat(&door, &ready, &actor, &request_id)?;
            let guest = Guest::new(&door, actor, None);
            let parts = streams::answer(&door, ready, guest, seat, Multipart, &request_id);
            return Ok(Reply::Stream(parts));
        }
        Ok(Reply::Answer(door.tell(ready, &request_id).await))
    };
    match work.await {
        Ok(Reply::Stream(parts)) => parts,
        Ok(Reply::Answer(answer)) => respond(Ok(answer), media, &request_id),
        Err(refusal) => respond(Err(refusal), media, &request_id),
    }
}

enum Reply {
    Answer(Arc<Told>),
    Stream(Response),
}

/// A place for a subscription, of which each person has so many.
///
/// # Errors
/// Where it has them all.
pub(super) fn seat<E>(
    door: &Door<E>,
    ready: &Ready,
    actor: &Actor,
    request_id: &str,
) -> Result<Option<Seat>, Refusal> {
    match actor.id() {
        Ok(who) if ready.kind() == OperationType::Subscription => {
            let busy = || Refusal::of(Error::Overloaded, request_id);
            door.streams.take(who).ok_or_else(busy).map(Some)
        }
        _ => Ok(None),
    }
}

pub(super) async fn get<E: Engine>(
    State(door): State<Door<E>>,
    origin: Origin,
    headers: HeaderMap,
    socket: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    parameters: Result<Query<Parameters>, axum::extract::rejection::QueryRejection>,
) -> Response {
    if headers.contains_key(UPGRADE) {
        return upgrade(door, origin, &headers, socket);
    }
    let request_id = origin.request_id.clone();
    let parameters = parameters.map(|Query(parameters)| parameters);
    if parameters.as_ref().is_ok_and(Parameters::is_empty) && wants_a_page(&headers) {
        return (StatusCode::SEE_OTHER, [(LOCATION, "/graphiql")]).into_response();
    }
    let Some(media) = Media::negotiate(&headers) else {
        return not_acceptable(&request_id);
    };
    let work = async {
        let actor = enter(&door, &headers, &request_id).await?;
        let asked = parameters
            .map_err(|_| "The query string cannot be read.")
            .and_then(Parameters::asked)
            .map_err(Refusal::malformed)?;
        let ready = door
            .ready(&asked, actor, origin)
            .map_err(Refusal::unexecuted)?
            .telling_cost(wants_cost(&headers));
        if ready.kind() == OperationType::Mutation {
            let problem = "A mutation is sent by POST.";
            let status = StatusCode::METHOD_NOT_ALLOWED;
            return Err(Refusal::new(status, code::BAD_USER_INPUT, problem));
        }
        Ok(door.tell(ready, &request_id).await)
    };
    let answer = work.await;
    respond(answer, media, &request_id)
}

pub(super) async fn enter<E: Engine>(
    door: &Door<E>,
    headers: &HeaderMap,
    request_id: &str,
) -> Result<Actor, Refusal> {
    let authorization = headers.get(AUTHORIZATION).map(HeaderValue::to_str);
    let actor = match authorization.transpose() {
        Ok(authorization) => door.gate.actor(authorization).await,
        Err(_) => Err(Error::Unauthenticated),
    };
    actor.map_err(|error| Refusal::of(error, request_id))
}

/// How long a body is read at all: whoever records no calls has none that long, and many of them would fill the memory.
fn most(actor: &Actor) -> u32 {
    match actor {
        Actor::Machine(_) => limits::RECORDS_BODY_BYTES,
        Actor::Person(person) if person.operator => limits::RECORDS_BODY_BYTES,
        _ => limits::BODY_BYTES,
    }
}

pub(super) async fn read(body: Body, most: u32) -> Result<Bytes, Refusal> {
    let work = async {
        let mut chunks = body.into_data_stream();
        let (mut kept, mut length) = (Vec::new(), 0);
        while let Some(chunk) = chunks.next().await {
            let broken = |_| Refusal::malformed("The body breaks off.");
            let chunk = chunk.map_err(broken)?;
            length += chunk.len();
            if length <= most as usize {
                kept.extend_from_slice(&chunk);
            } else if length <= HEARD_OUT {
                kept = Vec::new();
            } else {
                break;
            }
        }
        if length > most as usize {
            return Err(too_large(most));
        }
        Ok(kept.into())
    };
    tokio::time::timeout(BODY_TIMEOUT, work)
        .await
        .unwrap_or_else(|_| {
            let problem = "The body did not come in time.";
            let status = StatusCode::REQUEST_TIMEOUT;
            Err(Refusal::new(status, code::BAD_USER_INPUT, problem))
        })
}

fn too_large(most: u32) -> Refusal {
    let status = StatusCode::PAYLOAD_TOO_LARGE;
    let problem = format!("A request like this has at most {most} bytes.");
    Refusal::new(status, code::QUERY_TOO_COSTLY, problem)
}

pub(super) fn respond(
    answer: Result<Arc<Told>, Refusal>,
    media: Media,
    request_id: &str,
) -> Response {
    let answer = answer.and_then(|told| {
        if is_request_error(&told.answer) {
            Err(Refusal::unexecuted(told.answer.errors.clone()))
        } else {
            Ok(told)
        }
    });
    let status = status(&answer, media);
    let (outcome, retry_after, body) = match &answer {
        Ok(told) => {
            let errors = &told.answer.errors;
            let outcome = if errors.is_empty() {
                "answered"
            } else {
                "failed"
            };
            (outcome, retry_after(errors), told.body.clone())
        }
        Err(Refusal { errors, .. }) => {
            let body = serde_json::json!({ "errors": errors }).to_string();
            ("refused", retry_after(errors), body.into())
        }
    };
    metrics::counter!("agent_program_requests_total", "outcome" => outcome).increment(1);
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    dress(headers, request_id);
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

fn dress(headers: &mut HeaderMap, request_id: &str) {
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// In how many seconds it may be sent again, if it is only too soon.
fn retry_after(errors: &[ServerError]) -> Option<u64> {
    let said = errors
        .iter()
        .filter_map(|error| match extension(error, "code") {
            Some(code) if *code == code::OVERLOADED.into() => Some(BUSY_SECONDS),
            Some(code) if *code == code::RATE_LIMITED.into() => {
                match extension(error, "retryAfterSeconds") {
                    Some(Value::Number(seconds)) => seconds.as_u64(),
                    _ => None,
                }
            }
            _ => None,
        });
    said.max()
}

fn any(errors: &[ServerError], code: &str) -> bool {
    let code = Value::from(code);
    errors
        .iter()
        .any(|error| extension(error, "code") == Some(&code))
}

fn extension<'a>(error: &'a ServerError, name: &str) -> Option<&'a Value> {
    error.extensions.as_ref()?.get(name)
}

fn not_acceptable(request_id: &str) -> Response {
    let types = "application/graphql-response+json, application/json";
    let mut response = (StatusCode::NOT_ACCEPTABLE, types).into_response();
    dress(response.headers_mut(), request_id);
    response
}

/// # Errors
/// 415 for what is no JSON.
pub(super) fn must_be_json(headers: &HeaderMap) -> Result<(), Refusal> {
    if is_json(headers) {
        return Ok(());
    }
    let problem = "A request is sent as `Content-Type: application/json`.";
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    Err(Refusal::new(status, code::BAD_USER_INPUT, problem))
}

/// Forms, plain text and multipart need no leave of the browser: a foreign page could send them.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(CONTENT_TYPE).map(HeaderValue::to_str) else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let json = parts
        .next()
        .is_some_and(|it| it.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}

/// A person's browser, rather than a program.
fn wants_a_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).map(HeaderValue::to_str);
    matches!(accept, Some(Ok(accept)) if accept.contains("text/html"))
}
