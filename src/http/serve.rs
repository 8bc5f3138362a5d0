//! The loop that accepts connections, and their end.

use std::pin::pin;
use std::time::Duration;

use axum::{Extension, Router, middleware};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tower::Layer;

use super::crowd::Places;
use super::door::Door;
use super::engine::Engine;
use super::origin::Peer;
use super::patience::heard;
use super::request_id;
use crate::graphql::fault::code;

/// A request's line and headers, at most. A URI has no more by itself; of the library's own 400 kB each source could hold a
/// hundred megabytes.
const HEAD_BYTES: usize = 64 * 1024;
/// How long requests that run may take to end when the server stops.
const LAST_ANSWERS: Duration = Duration::from_secs(20);
/// When no connection can be accepted: usually there are too many open files.
const BREATH: Duration = Duration::from_millis(100);
/// Why there is no place.
const CROWDED: &str =
    "There are too many connections from here: close some, or try again in a moment.";

/// Serves until `stop`: then takes no more, closes the sockets with 1001, ends what runs, and returns.
pub async fn serve<E: Engine>(
    listener: TcpListener,
    routes: Router,
    door: Door<E>,
    stop: impl Future<Output = ()>,
) {
    let places = Places::new(door.crowd, door.proxies.clone());
    let routes = routes.layer(middleware::from_fn(request_id::name));
    let accept = async {
        loop {
            let free = places.free().await;
            let (stream, peer) = accept(&listener).await;
            let Some(place) = places.take(free, peer.0) else {
                turn_away(stream).await;
                continue;
            };
            let service = Extension(peer).layer(routes.clone());
            let service = TowerToHyperService::new(service);
            let (stream, timer) = heard(stream, door.patience, place);
            let connection = http1::Builder::new()
                .timer(timer)
                .max_buf_size(HEAD_BYTES)
                .header_read_timeout(door.patience.headers)
                .serve_connection(TokioIo::new(stream), service);
            let closing = door.closing.clone();
            door.tasks.spawn(async move {
                let mut connection = pin!(connection.with_upgrades());
                let ended = tokio::select! {
                    ended = connection.as_mut() => ended,
                    () = closing.cancelled() => {
                        connection.as_mut().graceful_shutdown();
                        connection.await
                    }
                };
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke");
                }
            });
        }
    };
    tokio::select! {
        () = stop => {}
        () = accept => {}
    }
    drop(listener);
    tracing::info!("stopping");
    door.close();
    let rest = tokio::time::timeout(LAST_ANSWERS, door.tasks.wait());
    if rest.await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

/// Says that there is no place, without waiting for whoever should hear it.
async fn turn_away(mut stream: TcpStream) {
    let extensions = json!({ "code": code::OVERLOADED, "retryable": true });
    let error = json!({ "message": CROWDED, "extensions": extensions });
    let body = json!({ "errors": [error] }).to_string();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json; charset=utf-8\r\n\
         cache-control: no-store\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.try_write(answer.as_bytes());
    let _ = stream.shutdown().await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, Peer) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                // Or each answer on a socket waits for the client's acknowledgement of the last one.
                let _ = stream.set_nodelay(true);
                return (stream, Peer(address.ip()));
            }
            Err(error) => {
                tracing::warn!(%error, "accepting a connection");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}
