//! The loop that accepts connections, and their end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::Layer;

use super::door::Door;
use super::engine::Engine;
use super::origin::Peer;
use super::patience::heard;

/// Connections at a time; more wait to be accepted.
const CONNECTIONS: usize = 4_096;
/// How long requests that run may take to end when the server stops.
const LAST_ANSWERS: Duration = Duration::from_secs(20);
/// When no connection can be accepted: usually there are too many open files.
const BREATH: Duration = Duration::from_millis(100);

/// Serves until `stop`: then takes no more, closes the sockets with 1001, ends what runs, and returns.
pub async fn serve<E: Engine>(
    listener: TcpListener,
    routes: Router,
    door: Door<E>,
    stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let accept = async {
        loop {
            let Ok(place) = places.clone().acquire_owned().await else {
                return;
            };
            let (stream, peer) = accept(&listener).await;
            let service = Extension(peer).layer(routes.clone());
            let service = TowerToHyperService::new(service);
            let (stream, timer) = heard(stream, door.patience);
            let connection = http1::Builder::new()
                .timer(timer)
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
                drop(place);
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
