use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::ServerError;
use axum::extract::ws::{Message, WebSocket};
use futures_util::StreamExt;
use futures_util::stream::SplitStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::super::door::Door;
use super::super::engine::Engine;
use super::super::gauge::Gauge;
use super::super::guest::{Guest, at, changed, ticks};
use super::super::outbox::Outbox;
use super::super::pump::{End, Operation};
use super::super::request::Asked;
use super::super::seats::Seat;
use super::outbox;
use super::protocol::{self, Close, Said, ToSocket};
use crate::Error;
use crate::auth::{Actor, Origin};

/// How long the client may take to say good-bye.
const GOOD_BYE: Duration = Duration::from_secs(2);

/// Serves one socket until either side closes it.
pub(in crate::http) async fn serve<E: Engine>(door: Door<E>, origin: Origin, socket: WebSocket) {
    let _open = Gauge::of(metrics::gauge!("agent_program_sockets_open"));
    let spoken = socket.protocol().is_some();
    let (sink, mut stream) = socket.split();
    let (outbox, queue) = Outbox::new(door.sockets.buffer, door.sockets.patience);
    let (last_word, last) = oneshot::channel();
    let writer = tokio::spawn(outbox::write(sink, queue, last));
    let why = if spoken {
        let (ended, ends) = mpsc::unbounded_channel();
        let connection = Connection {
            since: Instant::now(),
            door,
            origin,
            outbox,
            guest: None,
            seat: None,
            operations: HashMap::new(),
            ended,
        };
        connection.listen(&mut stream, ends).await
    } else {
        Some(Close::WrongProtocol)
    };
    let Some(why) = why else {
        return;
    };
    tracing::debug!(?why, "closing a socket");
    let frame = why.frame();
    let code = frame.code.to_string();
    metrics::counter!("agent_program_sockets_closed_total", "code" => code).increment(1);
    // Gone already when the client left meanwhile.
    let _ = last_word.send(frame);
    let _ = writer.await;
    let rest = async { while let Some(Ok(_)) = stream.next().await {} };
    let _ = tokio::time::timeout(GOOD_BYE, rest).await;
}

/// An operation has come to its end: its id, which of that id, and whether `complete` is to be said.
type Ended = (Arc<str>, Uuid, End);

struct Connection<E> {
    since: Instant,
    door: Door<E>,
    origin: Origin,
    outbox: Outbox<Message>,
    /// Who it is, once it has said so.
    guest: Option<Guest>,
    seat: Option<Seat>,
    operations: HashMap<Arc<str>, Running>,
    ended: mpsc::UnboundedSender<Ended>,
}

struct Running {
    which: Uuid,
    /// Dropped, it ends the operation.
    _cancel: DropGuard,
    _open: Gauge,
}

impl<E: Engine> Connection<E> {
    /// Why the socket is to be closed; `None` when the client has closed it.
    async fn listen(
        mut self,
        stream: &mut SplitStream<WebSocket>,
        mut ends: mpsc::UnboundedReceiver<Ended>,
    ) -> Option<Close> {
        let closing = self.door.closing.clone();
        let stuck = self.outbox.stuck.clone();
        let mut pings = ticks(self.since, self.door.sockets.ping);
        let mut session = None;
        let mut heard = true;
        loop {
            let (until, overdue) = self.until();
            session = session.or_else(|| self.guest.as_mut()?.session.take());
            let done = tokio::select! {
                biased;
                () = closing.cancelled() => Err(Close::GoingAway),
                () = stuck.cancelled() => Err(Close::TooSlow),
                () = at(until) => Err(overdue),
                () = changed(session.as_mut()) => self.look_again().await,
                Some(ended) = ends.recv() => {
                    self.end(ended).await;
                    Ok(())
                }
                _ = pings.tick() => {
                    if heard {
                        heard = false;
                        self.outbox.send(Message::Ping(Vec::new().into())).await;
                        self.look_again().await
                    } else {
                        Err(Close::Silent)
                    }
                }
                message = stream.next() => {
                    heard = true;
                    match message? {
                        Ok(Message::Text(text)) => self.hear(text.as_str()).await,
                        Ok(Message::Binary(_)) => Err(Close::Malformed("messages are text")),
                        Ok(Message::Ping(_) | Message::Pong(_)) => Ok(()),
                        Err(error) if is_too_big(&error) => Err(Close::TooBig),
                        Ok(Message::Close(_)) | Err(_) => return None,
                    }
                }
            };
            if let Err(why) = done {
                return Some(why);
            }
        }
    }

    /// Until when the client has to say who it is, or how long its token lasts.
    fn until(&self) -> (Option<Instant>, Close) {
        match &self.guest {
            None => (Some(self.since + self.door.sockets.init), Close::NoInit),
            Some(guest) => (guest.until, Close::Unauthenticated),
        }
    }

    /// Whether the session still runs, and what its login is by now.
    async fn look_again(&mut self) -> Result<(), Close> {
        match &mut self.guest {
            Some(guest) => Ok(guest.look_again(self.door.gate.as_ref()).await?),
            None => Ok(()),
        }
    }

    async fn hear(&mut self, text: &str) -> Result<(), Close> {
        match Said::read(text).map_err(Close::Malformed)? {
            Said::Init { authorization } => self.welcome(authorization.as_deref()).await,
            Said::Subscribe { id, asked } => self.begin(id.into(), asked).await,
            Said::Complete { id } => {
                self.operations.remove(id.as_str());
                Ok(())
            }
            Said::Ping { payload } => {
                self.outbox.send(protocol::pong(payload)).await;
                Ok(())
            }
            Said::Pong => Ok(()),
        }
    }

    async fn welcome(&mut self, authorization: Option<&str>) -> Result<(), Close> {
        if self.guest.is_some() {
            return Err(Close::InitTwice);
        }
        let actor = match self.door.gate.actor(authorization).await {
            Ok(Actor::Anonymous) | Err(Error::Unauthenticated) => {
                return Err(Close::Unauthenticated);
            }
            Ok(actor) => actor,
            Err(error) => {
                tracing::error!(%error, "a socket's token could not be looked at");
                return Err(Close::Fault);
            }
        };
        if let Ok(who) = actor.id() {
            let seat = self.door.streams.take(who).ok_or(Close::TooMany)?;
            self.seat = Some(seat);
        }
        self.guest = Some(Guest::new(&self.door, actor, authorization));
        self.outbox.send(protocol::ack()).await;
        // What happened between the look and the watch.
        self.look_again().await
    }

    async fn begin(&mut self, id: Arc<str>, asked: Asked) -> Result<(), Close> {
        // A machine's key that was revoked ends at once; a person's session tells when it ends.
        if matches!(&self.guest, Some(guest) if matches!(guest.actor, Actor::Machine(_))) {
            self.look_again().await?;
        }
        let Some(guest) = &self.guest else {
            return Err(Close::Unacknowledged);
        };
        if self.operations.contains_key(&id) {
            return Err(Close::InUse);
        }
        let which = Uuid::now_v7();
        let request_id: Arc<str> = which.simple().to_string().into();
        let ready = if self.operations.len() < self.door.sockets.operations {
            let origin = self.origin.with_request(request_id.clone());
            self.door.ready(&asked, guest.actor.clone(), origin)
        } else {
            Err(vec![too_many(self.door.sockets.operations)])
        };
        let ready = match ready {
            Ok(ready) => ready,
            Err(errors) => {
                self.outbox.send(protocol::error(&id, &errors)).await;
                return Ok(());
            }
        };
        let cancelled = CancellationToken::new();
        let running = Running {
            which,
            _open: Gauge::of(metrics::gauge!("agent_program_operations_open")),
            _cancel: cancelled.clone().drop_guard(),
        };
        self.operations.insert(id.clone(), running);
        let operation = Operation {
            door: self.door.clone(),
            wire: ToSocket::new(id.clone()),
            outbox: self.outbox.clone(),
            cancelled,
            request_id,
        };
        let running = operation.begin(ready);
        let ended = self.ended.clone();
        tokio::spawn(async move {
            if let Ok(end) = running.await {
                // Nobody listens any more when the socket has gone.
                let _ = ended.send((id, which, end));
            }
        });
        Ok(())
    }

    /// The id is free again before the client hears `complete`, and can take it anew.
    async fn end(&mut self, (id, which, end): Ended) {
        if self.operations.get(&id).is_some_and(|it| it.which == which) {
            self.operations.remove(&id);
            if end == End::Complete {
                self.outbox.send(protocol::complete(&id)).await;
            }
        }
    }
}

fn too_many(most: usize) -> ServerError {
    let problem = format!("A socket runs at most {most} operations at a time.");
    super::super::refusal::too_costly(problem)
}

fn is_too_big(error: &axum::Error) -> bool {
    error.to_string().contains("too long")
}
