//! `/graphql/stream`: any operation as a stream of server-sent events, and the tickets that browsers open it with.

use async_graphql::ServerError;
use async_graphql::parser::types::OperationType;
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::door::Door;
use super::engine::Engine;
use super::guest::Guest;
use super::negotiate::Media;
use super::post::{Refusal, enter, must_be_json, read, respond, seat};
use super::request::{Asked, Parameters};
use super::streams::{self, Events};
use crate::auth::{Actor, Origin};
use crate::graphql::fault::code;
use crate::graphql::limits;

/// Where a client that lost its stream had come to.
pub(super) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The query string of a GET: a request, or a ticket that holds one.
#[derive(Deserialize)]
pub(super) struct Opening {
    ticket: Option<String>,
    #[serde(flatten)]
    parameters: Parameters,
}

/// An operation that is to be streamed to somebody.
struct Stream {
    asked: Asked,
    actor: Actor,
    by_ticket: bool,
}

pub(super) async fn post<E: Engine>(
    State(door): State<Door<E>>,
    origin: Origin,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let request_id = origin.request_id.clone();
    let stream = async {
        must_take_events(&headers)?;
        must_be_json(&headers)?;
        let actor = enter(&door, &headers, &request_id).await?;
        let bytes = read(body, limits::BODY_BYTES).await?;
        let asked = Asked::from_bytes(&bytes).map_err(Refusal::malformed)?;
        let by_ticket = false;
        let stream = Stream {
            asked,
            actor,
            by_ticket,
        };
        begin(&door, stream, origin, &headers, true)
    };
    told(stream.await, &request_id)
}

pub(super) async fn get<E: Engine>(
    State(door): State<Door<E>>,
    origin: Origin,
    headers: HeaderMap,
    opening: Result<Query<Opening>, QueryRejection>,
) -> Response {
    let request_id = origin.request_id.clone();
    let stream = async {
        must_take_events(&headers)?;
        let unreadable = |_| Refusal::malformed("The query string cannot be read.");
        let Query(opening) = opening.map_err(unreadable)?;
        let stream = if let Some(ticket) = &opening.ticket {
            let known = door.gate.by_ticket(ticket).await;
            let (actor, ask) = known.map_err(|error| Refusal::of(error, &request_id))?;
            Stream {
                asked: Asked::from_bytes(ask.as_bytes()).map_err(Refusal::malformed)?,
                actor,
                by_ticket: true,
            }
        } else {
            Stream {
                actor: enter(&door, &headers, &request_id).await?,
                asked: opening.parameters.asked().map_err(Refusal::malformed)?,
                by_ticket: false,
            }
        };
        begin(&door, stream, origin, &headers, false)
    };
    told(stream.await, &request_id)
}

/// A ticket for the subscription in the body: the URL that a browser's `EventSource` opens. What is wrong with it is told
/// here, where the page can read it.
pub(super) async fn ticket<E: Engine>(
    State(door): State<Door<E>>,
    origin: Origin,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let request_id = origin.request_id.clone();
    let ticket = async {
        must_be_json(&headers)?;
        let actor = enter(&door, &headers, &request_id).await?;
        let of = |error| Refusal::of(error, &request_id);
        let person = actor.person().map_err(of)?.clone();
        let bytes = read(body, limits::BODY_BYTES).await?;
        let ask = std::str::from_utf8(&bytes).map_err(|_| Refusal::malformed("no text"))?;
        let asked = Asked::from_bytes(&bytes).map_err(Refusal::malformed)?;
        let ready = door
            .ready(&asked, actor, origin.clone())
            .map_err(Refusal::unexecuted)?;
        if ready.kind() != OperationType::Subscription {
            return Err(Refusal::malformed("A ticket is for a subscription."));
        }
        let ticket = door.gate.ticket(&person, ask).map_err(of)?;
        let long = || {
            let problem = "A request in a ticket has at most about 4 kB.";
            Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                code::QUERY_TOO_COSTLY,
                problem,
            )
        };
        let ticket = ticket.ok_or_else(long)?;
        let url = format!("/graphql/stream?ticket={ticket}");
        let made = json!({ "url": url, "expiresAt": person.access_expires_at });
        Ok(([(CACHE_CONTROL, "no-store")], Json(made)).into_response())
    };
    told(ticket.await, &request_id)
}

fn begin<E: Engine>(
    door: &Door<E>,
    stream: Stream,
    origin: Origin,
    headers: &HeaderMap,
    may_change: bool,
) -> Result<Response, Refusal> {
    let Stream {
        asked,
        actor,
        by_ticket,
    } = stream;
    let form = Events {
        bare_ids: by_ticket,
    };
    let request_id = &origin.request_id.clone();
    let ready = match door.ready(&asked, actor.clone(), origin) {
        Ok(ready) => ready,
        // By the protocol within the stream: a browser could not read it elsewhere.
        Err(errors) => return Ok(refused(&errors)),
    };
    if ready.kind() == OperationType::Mutation && !may_change {
        let problem = "A mutation is sent by POST.";
        let status = StatusCode::METHOD_NOT_ALLOWED;
        return Err(Refusal::new(status, code::BAD_USER_INPUT, problem));
    }
    let seat = seat(door, &ready, &actor, request_id)?;
    let cursor = headers.get(LAST_EVENT_ID).map(HeaderValue::to_str);
    let ready = match cursor {
        Some(Ok(cursor)) if !cursor.is_empty() => ready.after(cursor),
        _ => ready,
    };
    let authorization = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    let guest = Guest::new(door, actor, authorization);
    Ok(streams::answer(door, ready, guest, seat, form, request_id))
}

fn refused(errors: &[ServerError]) -> Response {
    let mut response = Events::refused_at_once(errors).into_response();
    streams::dress::<Events>(&mut response);
    response
}

fn must_take_events(headers: &HeaderMap) -> Result<(), Refusal> {
    let values = headers.get_all(ACCEPT).iter();
    let mut ranges = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|range| range.split(';').next().unwrap_or_default().trim());
    let events = ["text/event-stream", "text/*", "*/*"];
    let taken = ranges.any(|range| events.iter().any(|it| it.eq_ignore_ascii_case(range)));
    if taken || !headers.contains_key(ACCEPT) {
        return Ok(());
    }
    let problem = "A stream is `text/event-stream`.";
    let status = StatusCode::NOT_ACCEPTABLE;
    Err(Refusal::new(status, code::BAD_USER_INPUT, problem))
}

fn told(answer: Result<Response, Refusal>, request_id: &str) -> Response {
    answer.unwrap_or_else(|refusal| respond(Err(refusal), Media::Response, request_id))
}
