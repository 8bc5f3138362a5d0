use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Pos, Request, Response, ServerError, Value};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::document::{self, Document};
use super::engine::Engine;
use super::gate::Gate;
use super::patience::Patience;
use super::request::Asked;
use super::roots;
use super::seats::Seats;
use super::socket::SocketOptions;
use super::variables;
use crate::auth::{Actor, Origin};
use crate::config::Proxies;
use crate::graphql::Position;
use crate::graphql::fault::{self, code};
use crate::{Clock, Error};

/// Sockets, and streams over HTTP, that a login may have open.
const STREAMS: usize = 100;

/// What all transports share: who comes in, what runs the documents, and what is still running.
pub struct Door<E> {
    pub(super) engine: E,
    pub(super) gate: Arc<dyn Gate>,
    pub(super) clock: Clock,
    /// Pages that may open sockets and read answers: `https://example.com`. Programs send no `Origin` and are not asked.
    pub(super) origins: Arc<[String]>,
    pub(super) proxies: Arc<Proxies>,
    pub(super) sockets: SocketOptions,
    /// Sockets, and streams over HTTP, of each login.
    pub(super) streams: Seats<Uuid>,
    pub(super) patience: Patience,
    /// The server is about to stop.
    pub(super) closing: CancellationToken,
    /// Sockets, and operations that go on when their client has gone: a stop waits for them.
    pub(super) tasks: TaskTracker,
}

impl<E: Clone> Clone for Door<E> {
    fn clone(&self) -> Self {
        Self {
            engine: self.engine.clone(),
            gate: self.gate.clone(),
            clock: self.clock.clone(),
            origins: self.origins.clone(),
            proxies: self.proxies.clone(),
            sockets: self.sockets.clone(),
            streams: self.streams.clone(),
            patience: self.patience,
            closing: self.closing.clone(),
            tasks: self.tasks.clone(),
        }
    }
}

/// A request that may be executed.
pub(super) struct Ready {
    request: Request,
    actor: Actor,
    /// The arguments that get their value from a variable.
    by_variable: Vec<Pos>,
    pub kind: OperationType,
    pub bulky: bool,
}

impl Ready {
    fn new(asked: Asked, actor: Actor, origin: Origin) -> Result<Self, ServerError> {
        let operation_name = asked.operation_name.as_deref();
        let Document {
            parsed,
            kind,
            bulky,
        } = document::read(&asked.query, operation_name, &asked.variables)?;
        variables::missing(
            document::select(&parsed.operations, operation_name)?,
            &asked.variables,
        )?;
        let by_variable = variables::arguments(&parsed);
        let mut request = Request::new(asked.query)
            .variables(asked.variables)
            .data(origin);
        request.operation_name = asked.operation_name;
        request.set_parsed_query(parsed);
        Ok(Self {
            request,
            actor,
            by_variable,
            kind,
            bulky,
        })
    }
}

impl Ready {
    /// Goes on after this cursor, whatever its document says: the client has all up to it.
    pub(super) fn after(mut self, cursor: &str) -> Self {
        if self.kind == OperationType::Subscription
            && let Ok(mut document) = self.request.parsed_query().cloned()
        {
            let name = self.request.operation_name.as_deref();
            roots::after(&mut document, name, &mut self.request.variables, cursor);
            self.request.set_parsed_query(document);
        }
        self
    }

    /// With its root fields in sight.
    fn hoisted(mut self) -> Self {
        if self.kind == OperationType::Subscription
            && let Ok(mut document) = self.request.parsed_query().cloned()
        {
            roots::hoist(&mut document, self.request.operation_name.as_deref());
            self.request.set_parsed_query(document);
        }
        self
    }
}

impl<E: Engine> Door<E> {
    /// A door to what `engine` runs, for whom `gate` lets in.
    pub fn new(engine: E, gate: Arc<dyn Gate>, clock: Clock) -> Self {
        Self {
            engine,
            gate,
            clock,
            origins: Arc::new([]),
            proxies: Arc::default(),
            sockets: SocketOptions::default(),
            streams: Seats::new(STREAMS),
            patience: Patience::default(),
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
        asked: Asked,
        actor: Actor,
        origin: Origin,
    ) -> Result<Ready, Vec<ServerError>> {
        Ready::new(asked, actor, origin).map_err(|error| vec![error])
    }

    /// Executes in a task of its own: what changes something happens whole or not at all, whether or not its client waits.
    pub(super) async fn run(&self, ready: Ready, request_id: &Arc<str>) -> Response {
        let (engine, id) = (self.engine.clone(), request_id.clone());
        let work = async move { engine.execute(ready.request, ready.actor, &id).await };
        match self.tasks.spawn(work).await {
            Ok(response) => finish(response, &ready.by_variable),
            Err(fault) => panicked(&fault, request_id),
        }
    }

    /// Executes as a stream: each event is an answer, `position` tells its place, and a panic is the last one.
    pub(super) fn stream(
        &self,
        ready: Ready,
        request_id: &Arc<str>,
        position: Position,
    ) -> BoxStream<'static, Response> {
        let id = request_id.clone();
        let ready = ready.hoisted();
        let request = ready.request.data(position);
        let answers = self
            .engine
            .execute_stream(request, ready.actor, id.to_string());
        AssertUnwindSafe(answers)
            .catch_unwind()
            .map(move |answer| match answer {
                Ok(answer) => finish(answer, &ready.by_variable),
                Err(_) => panicked(&"a panic in a stream", &id),
            })
            .boxed()
    }
}

/// Whether nothing was executed: the document or the variables are at fault.
pub(super) fn is_request_error(response: &Response) -> bool {
    let fault = |error: &ServerError| error.path.is_empty();
    response.data == Value::Null && !response.errors.is_empty() && response.errors.iter().all(fault)
}

/// Tells the library's own errors apart, and takes out of them what was sent.
fn finish(mut response: Response, by_variable: &[Pos]) -> Response {
    for error in &mut response.errors {
        if error.source.is_some() {
            continue;
        }
        quiet(&mut error.message);
        let Some(extensions) = &mut error.extensions else {
            continue;
        };
        if extensions.get("code") != Some(&code::VALIDATION_FAILED.into()) {
            continue;
        }
        if error.locations.iter().any(|at| by_variable.contains(at)) {
            extensions.set("code", code::BAD_USER_INPUT);
        } else if is_costly(&error.message) {
            extensions.set("code", code::QUERY_TOO_COSTLY);
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

fn is_costly(message: &str) -> bool {
    [
        "Query is too complex.",
        "Query is nested too deep.",
        "The recursion depth",
        "The amount of aliases",
        "The number of directives",
    ]
    .iter()
    .any(|limit| message.starts_with(limit))
}

fn panicked(cause: &impl ToString, request_id: &str) -> Response {
    let error = Error::Fault(cause.to_string());
    Response::from_errors(vec![fault::of(error, request_id)])
}
