use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::door::Door;
use super::engine::Engine;
use super::socket;
use crate::auth::Origin;

/// What is read and written at once. Each socket has both from its begin to its end: of the library's own 128 kB each, a
/// thousand idle sockets have a quarter of a gigabyte.
const BUFFER: usize = 4 * 1024;

/// Turns a GET into a socket, for programs and for the pages that are let in.
pub(super) fn upgrade<E: Engine>(
    door: Door<E>,
    origin: Origin,
    headers: &HeaderMap,
    socket: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let socket = match socket {
        Ok(socket) => socket,
        Err(rejection) => return rejection.into_response(),
    };
    let allowed = headers.get(ORIGIN).is_none_or(|origin| {
        let origin = origin.as_bytes();
        door.origins
            .iter()
            .any(|it| it.as_bytes().eq_ignore_ascii_case(origin))
    });
    if !allowed {
        let problem = "This page may not open sockets here; see the setting `--allowed-origin`.";
        return (StatusCode::FORBIDDEN, problem).into_response();
    }
    let most = door.sockets.message_bytes;
    let tasks = door.tasks.clone();
    socket
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(most)
        .max_frame_size(most)
        .protocols([socket::PROTOCOL])
        .on_upgrade(move |socket| tasks.track_future(socket::serve(door, origin, socket)))
}
