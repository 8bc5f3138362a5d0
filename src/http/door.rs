use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response, ServerError, Value, Variables};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;

use super::chorus::{Choruses, Subject};
use super::documents::{Documents, Operation, Trusted};
use super::engine::Engine;
use super::gate::Gate;
use super::patience::Patience;
use super::request::Asked;
use super::roots;
use super::seats::Seats;
use super::socket::SocketOptions;
use super::unison::{self, Asking, PATIENCE, Told, Turn, Unisons};
use crate::auth::{Actor, Origin};
use crate::config::{Crowd, Proxies};
use crate::graphql::sight::Sight;
use crate::graphql::{Position, fault, limits};
use crate::{Clock, Error};

/// Sockets, and streams over HTTP, that a login may have open.
const STREAMS: usize = 100;

/// What all transports share: who comes in, what runs the documents, and what is still running.
pub struct Door<E> {
    pub(super) engine: E,
    pub(super) documents: Arc<Documents>,
    pub(super) gate: Arc<dyn Gate>,
    pub(super) clock: Clock,
    /// Pages that may open sockets and read answers: `https://example.com`. Programs send no `Origin` and are not asked.
    pub(super) origins: Arc<[String]>,
    pub(super) proxies: Arc<Proxies>,
    pub(super) sockets: SocketOptions,
    /// Sockets, and streams over HTTP, of each login.
    pub(super) streams: Seats<Uuid>,
    /// Streams that are executed once for all who asked the same.
    pub(super) choruses: Choruses,
    /// Queries that are executed once for all who asked the same meanwhile.
    pub(super) unisons: Unisons<(Ready, Arc<str>)>,
    pub(super) patience: Patience,
    pub(super) crowd: Crowd,
    /// The server is about to stop.
    pub(super) closing: CancellationToken,
    /// Sockets, and operations that go on when their client has gone: a stop waits for them.
    pub(super) tasks: TaskTracker,
}

impl<E: Clone> Clone for Door<E> {
    fn clone(&self) -> Self {
        Self {
            engine: self.engine.clone(),
            documents: self.documents.clone(),
            gate: self.gate.clone(),
            clock: self.clock.clone(),
            origins: self.origins.clone(),
            proxies: self.proxies.clone(),
            sockets: self.sockets.clone(),
            streams: self.streams.clone(),
            choruses: self.choruses.clone(),
            unisons: self.unisons.clone(),
            patience: self.patience,
            crowd: self.crowd,
            closing: self.closing.clone(),
            tasks: self.tasks.clone(),
        }
    }
}

/// A request that may be executed.
#[derive(Clone)]
pub(super) struct Ready {
    operation: Operation,
    actor: Actor,
    origin: Origin,
    tells_cost: bool,
}

impl Ready {
    pub(super) fn kind(&self) -> OperationType {
        self.operation.kind
    }

    /// Whether all that it does is recording calls and charges.
    pub(super) fn is_bulky(&self) -> bool {
        self.operation.bulky
    }

    pub(super) fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Its answer says what it cost, if the client wants to know.
    pub(super) fn telling_cost(self, wanted: bool) -> Self {
        Self {
            tells_cost: wanted,
            ..self
        }
    }

    /// Goes on after this cursor, whatever its document says: the client has all up to it.
    pub(super) fn after(self, cursor: &str) -> Self {
        self.beginning(&cursor.into())
    }

    /// Begins now, whatever its document says.
    pub(super) fn now(self) -> Self {
        self.beginning(&Value::Null)
    }

    fn beginning(mut self, after: &Value) -> Self {
        if self.kind() == OperationType::Subscription {
            let Operation {
                name,
                parsed,
                variables,
                ..
            } = &mut self.operation;
            roots::after(parsed, name.as_deref(), variables, after);
        }
        self
    }

    /// What the answers are to from some place on, whoever of those who see the same asks and wherever each began.
    pub(super) fn subject(&self) -> Subject {
        let begun_now = self.clone().now().operation;
        Subject {
            document: begun_now.hash,
            variables: told(&begun_now.variables),
            operation: begun_now.name,
            sight: Sight::of(&self.actor),
        }
    }

    /// What the answer is to, and for whom.
    fn asking(&self) -> Asking {
        Asking {
            actor: self.actor.clone(),
            address: self.origin.address,
            document: self.operation.hash,
            operation: self.operation.name.clone(),
            variables: told(&self.operation.variables),
            tells_cost: self.tells_cost,
        }
    }

    /// With its root fields in sight.
    fn request(mut self) -> Request {
        if self.kind() == OperationType::Subscription {
            let name = self.operation.name.as_deref();
            roots::hoist(&mut self.operation.parsed, name);
        }
        self.operation.request().data(self.origin)
    }
}

/// The same text for the same variables.
fn told(variables: &Variables) -> String {
    let mut variables: Vec<_> = variables.iter().collect();
    variables.sort_unstable_by_key(|(name, _)| name.as_str());
    let variables: Vec<_> = (variables.into_iter())
        .map(|(name, value)| (name.as_str(), value.to_string()))
        .collect();
    format!("{variables:?}")
}

impl<E: Engine> Door<E> {
    /// A door to what `engine` runs, for whom `gate` lets in.
    pub fn new(engine: E, gate: Arc<dyn Gate>, clock: Clock) -> Self {
        Self {
            documents: Arc::new(Documents::new(engine.rules())),
            engine,
            gate,
            clock,
            origins: Arc::new([]),
            proxies: Arc::default(),
            sockets: SocketOptions::default(),
            streams: Seats::new(STREAMS),
            choruses: Choruses::default(),
            unisons: Unisons::default(),
            patience: Patience::default(),
            crowd: Crowd::default(),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// Lets pages of these origins in: `https://example.com`.
    #[must_use]
    pub fn with_origins(mut self, origins: impl IntoIterator<Item = String>) -> Self {
        self.origins = origins.into_iter().collect();
        self
    }

    /// Takes the word of these proxies for who spoke to them.
    #[must_use]
    pub fn with_proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = Arc::new(proxies);
        self
    }

    /// With documents that clients may name by an id.
    #[must_use]
    pub fn with_trusted(mut self, trusted: Trusted) -> Self {
        let documents = Documents::new(self.engine.rules());
        self.documents = Arc::new(documents.with_trusted(trusted));
        self
    }

    /// With other limits for its sockets.
    #[must_use]
    pub fn with_sockets(mut self, sockets: SocketOptions) -> Self {
        self.sockets = sockets;
        self
    }

    /// With another patience for its connections.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// With room for so many connections.
    #[must_use]
    pub fn with_crowd(mut self, crowd: Crowd) -> Self {
        self.crowd = crowd;
        self
    }

    /// Begins the stop: sockets are closed with 1001, and nothing new is taken.
    pub fn close(&self) {
        self.closing.cancel();
        self.tasks.close();
    }

    /// Reads what is asked, and refuses what does not fit the schema or would be too costly.
    ///
    /// # Errors
    /// What is wrong with it, as it is told.
    pub(super) fn ready(
        &self,
        asked: &Asked,
        actor: Actor,
        origin: Origin,
    ) -> Result<Ready, Vec<ServerError>> {
        let operation = self.documents.operation(asked)?;
        Ok(Ready {
            operation,
            actor,
            origin,
            tells_cost: false,
        })
    }

    /// Executes in a task of its own: what changes something happens whole or not at all, whether or not its client waits.
    pub(super) async fn run(&self, ready: Ready, request_id: &Arc<str>) -> Response {
        let (engine, id) = (self.engine.clone(), request_id.clone());
        let cost = ready.tells_cost.then_some(ready.operation.cost);
        let actor = ready.actor.clone();
        let request = ready.request();
        let work = async move { engine.execute(request, actor, &id).await };
        let work = work.in_current_span();
        match self.tasks.spawn(work).await {
            Ok(response) => priced(finish(response), cost),
            Err(fault) => panicked(&fault, request_id),
        }
    }

    /// Executes as [`Door::run`], and writes the answer down; a query together with those who ask the same meanwhile.
    pub(super) async fn tell(&self, ready: Ready, request_id: &Arc<str>) -> Arc<Told> {
        if ready.kind() != OperationType::Query {
            return self.tell_alone(ready, request_id).await;
        }
        let asking = ready.asking();
        let asked = || (ready.clone(), request_id.clone());
        match self.unisons.come(&asking, asked) {
            Turn::Now => {
                let _end = Ending {
                    door: self,
                    asking: &asking,
                };
                self.tell_alone(ready, request_id).await
            }
            Turn::Next(told) => match tokio::time::timeout(PATIENCE, told).await {
                // An error bears the id of the request that it was made for.
                Ok(Ok(told)) if told.answer.errors.is_empty() => told,
                _ => self.tell_alone(ready, request_id).await,
            },
        }
    }

    async fn tell_alone(&self, ready: Ready, request_id: &Arc<str>) -> Arc<Told> {
        Arc::new(Told::of(self.run(ready, request_id).await))
    }

    /// Executes a query that has just ended for those who have come meanwhile, until nobody has.
    fn tell_the_next(&self, asking: &Asking) {
        let Some(mut next) = self.unisons.end(asking) else {
            return;
        };
        let door = self.clone();
        let asking = asking.clone();
        self.tasks.spawn(async move {
            loop {
                let (ready, request_id) = next.asked.clone();
                let told = door.tell_alone(ready, &request_id).await;
                unison::tell(next, &told);
                match door.unisons.end(&asking) {
                    Some(more) => next = more,
                    None => break,
                }
            }
        });
    }

    /// Executes as a stream: each event is an answer, `position` tells its place, and a panic is the last one.
    pub(super) fn stream(
        &self,
        ready: Ready,
        request_id: &Arc<str>,
        position: Position,
    ) -> BoxStream<'static, Response> {
        let id = request_id.clone();
        let actor = ready.actor.clone();
        let request = ready.request().data(position);
        let answers = self.engine.execute_stream(request, actor, id.to_string());
        AssertUnwindSafe(answers)
            .catch_unwind()
            .map(move |answer| match answer {
                Ok(answer) => finish(answer),
                Err(_) => panicked(&"a panic in a stream", &id),
            })
            .boxed()
    }
}

/// A query that runs. It ends also when its client has gone: others may wait for that.
struct Ending<'a, E: Engine> {
    door: &'a Door<E>,
    asking: &'a Asking,
}

impl<E: Engine> Drop for Ending<'_, E> {
    fn drop(&mut self) {
        self.door.tell_the_next(self.asking);
    }
}

/// Whether nothing was executed: the document or the variables are at fault.
pub(super) fn is_request_error(response: &Response) -> bool {
    let fault = |error: &ServerError| error.path.is_empty();
    response.data == Value::Null && !response.errors.is_empty() && response.errors.iter().all(fault)
}

/// With what the operation cost of what it may, for whoever wants to know.
fn priced(mut response: Response, cost: Option<u32>) -> Response {
    if let Some(cost) = cost {
        let told = async_graphql::value!({ "requested": cost, "allowed": limits::COST });
        response.extensions.insert("cost".into(), told);
    }
    response
}

/// Takes what was sent out of the library's own errors.
fn finish(mut response: Response) -> Response {
    for error in &mut response.errors {
        if error.source.is_none() {
            quiet(&mut error.message);
        }
    }
    response
}

/// Takes out what was sent: it may be a password.
fn quiet(message: &mut String) {
    for echo in [", found ", " the value "] {
        if let Some(at) = message.find(echo) {
            message.truncate(at);
            message.push_str(if echo == " the value " {
                " this value"
            } else {
                ""
            });
        }
    }
}

fn panicked(cause: &impl ToString, request_id: &str) -> Response {
    let error = Error::Fault(cause.to_string());
    Response::from_errors(vec![fault::of(error, request_id)])
}
