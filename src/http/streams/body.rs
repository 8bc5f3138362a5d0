use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Interval};
use tokio_util::sync::CancellationToken;

use super::super::door::{Door, Ready};
use super::super::engine::Engine;
use super::super::gauge::Gauge;
use super::super::guest::{Guest, ticks};
use super::super::outbox::{Held, Outbox};
use super::super::pump::Operation;
use super::super::seats::Seat;
use super::frame::{Form, Piece};
use super::parting::Parting;

/// Answers with a stream: until it is complete, or `guest` has to go, or reads too slowly, or the server stops.
pub(in crate::http) fn answer<E: Engine, F: Form>(
    door: &Door<E>,
    ready: Ready,
    guest: Guest,
    seat: Option<Seat>,
    form: F,
    request_id: &Arc<str>,
) -> Response {
    let (outbox, queue) = Outbox::new(door.sockets.buffer, door.sockets.patience);
    let (last_word, last) = oneshot::channel();
    let body = Reading {
        queue,
        last: Some(last),
        cursor: None,
        beats: ticks(Instant::now(), door.sockets.heartbeat),
        drained: false,
        next: Next::Prelude,
        form: form.clone(),
    };
    let watched = watch(door.clone(), ready, guest, form, outbox, request_id.clone());
    door.tasks.spawn(async move {
        let _open =
            Gauge::of(metrics::gauge!("agent_program_streams_open", "transport" => F::NAME));
        let parting = watched.await;
        let why = parting.map_or("complete", Parting::name);
        metrics::counter!("agent_program_streams_ended_total", "transport" => F::NAME, "why" => why)
            .increment(1);
        if let Some(parting) = parting {
            tracing::debug!(?parting, transport = F::NAME, "ending a stream");
            // Gone already when the client left meanwhile.
            let _ = last_word.send(parting);
        }
        drop(seat);
    });
    let mut response = Body::from_stream(stream::unfold(body, Reading::read)).into_response();
    dress::<F>(&mut response);
    response
}

/// What every stream's response has: nobody in between may keep it, or hold it back.
pub(in crate::http) fn dress<F: Form>(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(F::CONTENT_TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
}

/// Runs the operation as long as it may. What ends it before its time; nothing where it is complete.
async fn watch<E: Engine, F: Form>(
    door: Door<E>,
    ready: Ready,
    guest: Guest,
    form: F,
    outbox: Outbox<Piece>,
    request_id: Arc<str>,
) -> Option<Parting> {
    let cancelled = CancellationToken::new();
    let _cancel = cancelled.clone().drop_guard();
    let _open = Gauge::of(metrics::gauge!("agent_program_operations_open"));
    let operation = Operation {
        door: door.clone(),
        wire: form,
        outbox: outbox.clone(),
        cancelled,
        request_id,
    };
    let running = operation.begin(ready);
    tokio::select! {
        biased;
        () = outbox.gone() => None,
        () = door.closing.cancelled() => Some(Parting::Stopping),
        () = outbox.stuck.cancelled() => Some(Parting::TooSlow),
        gone = guest.gone(door.gate.as_ref(), door.sockets.ping) => Some(gone.into()),
        _ = running => None,
    }
}

/// A body as it is read.
struct Reading<F> {
    queue: mpsc::UnboundedReceiver<Held<Piece>>,
    last: Option<oneshot::Receiver<Parting>>,
    /// The client has all up to it.
    cursor: Option<Arc<str>>,
    beats: Interval,
    /// All that was put into the queue has been read.
    drained: bool,
    next: Next,
    form: F,
}

enum Next {
    Prelude,
    Pieces,
    Nothing,
}

impl<F: Form> Reading<F> {
    /// The next bytes of it.
    async fn read(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let bytes = match self.next {
            Next::Nothing => return None,
            Next::Prelude => {
                self.next = Next::Pieces;
                let prelude = self.form.prelude();
                if prelude.is_empty() {
                    self.piece().await
                } else {
                    prelude
                }
            }
            Next::Pieces => self.piece().await,
        };
        self.beats.reset();
        Some((Ok(bytes), self))
    }

    async fn piece(&mut self) -> Bytes {
        loop {
            if self.drained && self.last.is_none() {
                self.next = Next::Nothing;
                return self.form.complete();
            }
            let last = async {
                match &mut self.last {
                    Some(last) => last.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                parting = last => match parting {
                    Ok(parting) => {
                        // What still waits here comes again after the cursor.
                        self.next = Next::Nothing;
                        return self.form.parting(parting, self.cursor.as_deref());
                    }
                    Err(_) => self.last = None,
                },
                held = self.queue.recv(), if !self.drained => match held {
                    Some(Held { frame, .. }) => {
                        self.cursor = frame.cursor.or(self.cursor.take());
                        return frame.bytes;
                    }
                    None => self.drained = true,
                },
                _ = self.beats.tick() => return self.form.heartbeat(),
            }
        }
    }
}
