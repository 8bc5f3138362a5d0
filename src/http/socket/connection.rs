use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::ServerError;
use async_graphql::parser::types::OperationType;
use axum::extract::ws::{Message, WebSocket};
use futures_util::StreamExt;
use futures_util::stream::SplitStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::super::door::Door;
use super::super::engine::Engine;
use super::super::request::Asked;
use super::operation::{End, Operation};
use super::outbox::{self, Outbox};
use super::protocol::{self, Close, Said};
use crate::Error;
use crate::auth::{Actor, Origin, Person};

/// How long the client may take to say good-bye.
const GOOD_BYE: Duration = Duration::from_secs(2);

/// Serves one socket until either side closes it.
pub(in crate::http) async fn serve<E: Engine>(door: Door<E>, origin: Origin, socket: WebSocket) {
    let _open = Gauge::of("agent_program_sockets_open");
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
    // Gone already when the client left meanwhile.
    let _ = last_word.send(why.frame());
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
    outbox: Outbox,
    /// Who it is, once it has said so.
    guest: Option<Guest>,
    operations: HashMap<Arc<str>, Running>,
    ended: mpsc::UnboundedSender<Ended>,
}

struct Guest {
    actor: Actor,
    /// What it came with: a machine's key is looked at again.
    authorization: Option<String>,
    /// When its token runs out.
    until: Option<Instant>,
    /// Changes when its session or its key may have ended. Taken by whoever watches it.
    session: Option<watch::Receiver<u64>>,
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
        let mut pings = self.pings();
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

    fn pings(&self) -> Interval {
        let every = self.door.sockets.ping;
        let mut pings = tokio::time::interval_at(self.since + every, every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings
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
        let Some(guest) = &mut self.guest else {
            return Ok(());
        };
        let person = match &guest.actor {
            Actor::Person(person) => person,
            Actor::Machine(_) => {
                return match self.door.gate.actor(guest.authorization.as_deref()).await {
                    Ok(_) => Ok(()),
                    Err(Error::Unauthenticated) => Err(Close::Unauthenticated),
                    Err(error) => {
                        tracing::error!(%error, "looking at a machine's key again");
                        Err(Close::Fault)
                    }
                };
            }
            Actor::Anonymous => return Ok(()),
        };
        match self.door.gate.again(person).await {
            Ok(Some(person)) => {
                guest.actor = Actor::Person(person);
                Ok(())
            }
            Ok(None) => Err(Close::Unauthenticated),
            Err(error) => {
                tracing::error!(%error, "looking at a session again");
                Err(Close::Fault)
            }
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
        let person = match &actor {
            Actor::Person(person) => Some(person),
            _ => None,
        };
        self.guest = Some(Guest {
            until: person.map(|person| self.deadline(person)),
            session: match &actor {
                Actor::Anonymous => None,
                Actor::Person(person) => Some(self.door.gate.watch(person.session)),
                Actor::Machine(machine) => Some(self.door.gate.watch_key(machine.key)),
            },
            authorization: authorization.map(str::to_owned),
            actor,
        });
        self.outbox.send(protocol::ack()).await;
        // What happened between the look and the watch.
        self.look_again().await
    }

    fn deadline(&self, person: &Person) -> Instant {
        let left = person.access_expires_at - self.door.clock.now();
        Instant::now() + left.to_std().unwrap_or_default()
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
            self.door.ready(asked, guest.actor.clone(), origin)
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
            _open: Gauge::of("agent_program_operations_open"),
            _cancel: cancelled.clone().drop_guard(),
        };
        self.operations.insert(id.clone(), running);
        let mutation = ready.kind == OperationType::Mutation;
        let operation = Operation {
            door: self.door.clone(),
            id: id.clone(),
            outbox: self.outbox.clone(),
            cancelled,
            request_id,
        };
        let ended = self.ended.clone();
        let work = async move {
            let end = operation.run(ready).await;
            // Nobody listens any more when the socket has gone.
            let _ = ended.send((id, which, end));
        };
        if mutation {
            self.door.tasks.spawn(work);
        } else {
            tokio::spawn(work);
        }
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

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => pending().await,
    }
}

async fn changed(session: Option<&mut watch::Receiver<u64>>) {
    if let Some(session) = session
        && session.changed().await.is_ok()
    {
        return;
    }
    pending::<()>().await;
}

fn too_many(most: usize) -> ServerError {
    let problem = format!("A socket runs at most {most} operations at a time.");
    super::super::refusal::too_costly(problem)
}

fn is_too_big(error: &axum::Error) -> bool {
    error.to_string().contains("too long")
}

/// Counts what is open while it lives.
struct Gauge(&'static str);

impl Gauge {
    fn of(name: &'static str) -> Self {
        metrics::gauge!(name).increment(1);
        Self(name)
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        metrics::gauge!(self.0).decrement(1);
    }
}
