//! A small schema behind the real door, for the stories of transports.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use agent_program::auth::{Actor, Machine, Person};
use agent_program::config::{Crowd, Proxies};
use agent_program::graphql::context::origin;
use agent_program::graphql::{Place, Position, fault};
use agent_program::http::{self, Door, Engine, Gate, Patience, Rules, SocketOptions, Trusted};
use agent_program::{Clock, Error};
use async_graphql::{Context, Object, Request, Response, Schema, Subscription};
use async_trait::async_trait;
use chrono::TimeDelta;
use entity::api_key::MachineRole;
use entity::{ApiKeyId, LoginId, SessionId, TypedId};
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What the resolvers and the story have in common.
#[derive(Default)]
pub struct World {
    pub bumps: AtomicU32,
    /// A mutation has begun, and goes on when it is let.
    pub begun: Notify,
    pub let_on: Notify,
    pub ended: Notify,
    /// The newest of the numbers that are told.
    pub said: watch::Sender<i32>,
    /// How often a number was looked at.
    pub looks: AtomicU32,
    /// One for each flood that nobody draws from any more.
    pub floods_over: FloodsOver,
}

pub struct FloodsOver(Semaphore);

impl Default for FloodsOver {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

struct Flood(Arc<World>);

impl Drop for Flood {
    fn drop(&mut self) {
        self.0.floods_over.0.add_permits(1);
    }
}

pub struct Query;

#[Object]
impl Query {
    async fn hello(&self, name: Option<String>) -> String {
        format!("hello {}", name.unwrap_or_default())
    }

    /// Whom its attempts are counted for.
    async fn source(&self, ctx: &Context<'_>) -> String {
        origin(ctx).source().to_string()
    }

    async fn count(&self, to: i32) -> i32 {
        to
    }

    /// The how-manieth look this is, counted when it begins; it takes its time.
    async fn look(&self, ctx: &Context<'_>) -> u32 {
        let looks = &ctx.data_unchecked::<Arc<World>>().looks;
        let look = looks.fetch_add(1, Ordering::SeqCst) + 1;
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        look
    }

    /// A thing whose fields fail, each in its way.
    async fn thing(&self) -> Option<Thing> {
        Some(Thing)
    }

    async fn things(&self) -> Vec<Thing> {
        vec![Thing, Thing]
    }

    /// Too many attempts, when it is asked with `true`.
    async fn guess(&self, often: bool) -> Option<async_graphql::Result<i32>> {
        let limited = Error::RateLimited {
            retry_after: Duration::from_secs(7),
        };
        Some(if often { Err(limited.into()) } else { Ok(1) })
    }

    async fn panics(&self) -> i32 {
        let none: Vec<i32> = Vec::new();
        *none.first().expect("a secret cause")
    }

    async fn fails(&self) -> Option<async_graphql::Result<i32>> {
        Some(Err(Error::Fault("a secret cause".into()).into()))
    }
}

pub struct Thing;

#[Object]
impl Thing {
    async fn id(&self) -> i32 {
        1
    }

    async fn slow(&self) -> i32 {
        tokio::task::yield_now().await;
        2
    }

    async fn secret(&self) -> async_graphql::Result<i32> {
        tokio::task::yield_now().await;
        Err(Error::Forbidden.into())
    }

    async fn secret_or_null(&self) -> Option<async_graphql::Result<i32>> {
        Some(Err(Error::Forbidden.into()))
    }
}

pub struct Mutation(Arc<World>);

#[Object]
impl Mutation {
    async fn bump(&self) -> u32 {
        self.0.begun.notify_one();
        self.0.let_on.notified().await;
        let bumps = self.0.bumps.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.ended.notify_one();
        bumps
    }

    async fn record_calls(&self, text: String) -> usize {
        text.len()
    }
}

pub struct Followed(Arc<World>);

/// A number that was said.
pub struct Number {
    world: Arc<World>,
    n: i32,
}

#[Object]
impl Number {
    async fn n(&self) -> i32 {
        self.world.looks.fetch_add(1, Ordering::SeqCst);
        self.n
    }

    /// For whoever asked alone.
    async fn mine(&self, ctx: &Context<'_>) -> i32 {
        ctx.data_unchecked::<Position>().becomes_personal();
        self.world.looks.fetch_add(1, Ordering::SeqCst);
        self.n
    }
}

fn place(step: i32) -> Place {
    Place {
        seq: step.into(),
        cursor: step.to_string().into(),
    }
}

#[Subscription]
impl Followed {
    async fn ticks(&self, to: i32) -> impl Stream<Item = i32> {
        stream::iter(0..to)
    }

    async fn silence(&self) -> impl Stream<Item = i32> {
        stream::pending()
    }

    async fn flood(&self) -> impl Stream<Item = String> {
        let flood = Flood(self.0.clone());
        stream::repeat("x".repeat(60_000)).inspect(move |_| _ = &flood)
    }

    /// Counts on from `after`, to three, and tells how far it has come.
    async fn steps(&self, ctx: &Context<'_>, after: Option<String>) -> impl Stream<Item = i32> {
        let position = ctx.data_unchecked::<Position>().clone();
        let from: i32 = after.map_or(0, |it| it.parse().expect("a number"));
        position.begins(place(from));
        let steps = stream::iter(from + 1..=3).map(move |step| {
            position.reached(place(step));
            step
        });
        steps.chain(stream::pending())
    }

    /// Every number that is said after `after`, or from now on.
    async fn numbers(
        &self,
        ctx: &Context<'_>,
        after: Option<String>,
    ) -> impl Stream<Item = Number> + use<> {
        let world = self.0.clone();
        let position = ctx.data_unchecked::<Position>().clone();
        let mut said = world.said.subscribe();
        let after = after.map(|it| it.parse().expect("a number"));
        let from = after.unwrap_or_else(|| *said.borrow_and_update());
        position.begins(place(from));
        stream::unfold((said, from), move |(mut said, before)| {
            let (world, position) = (world.clone(), position.clone());
            async move {
                let n = before + 1;
                said.wait_for(|newest| *newest >= n).await.ok()?;
                position.reached(place(n));
                Some((Number { world, n }, (said, n)))
            }
        })
    }

    /// One, and then a panic.
    async fn breaks(&self) -> impl Stream<Item = i32> {
        stream::iter([1, 0]).map(|by| 1_i32.checked_div(by).expect("a secret cause"))
    }

    async fn nothing(&self) -> Result<stream::Empty<i32>, Error> {
        std::future::ready(()).await;
        Err(Error::CursorExpired)
    }
}

#[derive(Clone)]
struct Small(Schema<Query, Mutation, Followed>);

impl Engine for Small {
    fn rules(&self) -> Arc<Rules> {
        Arc::new(Rules::of(&self.0.sdl()))
    }

    async fn execute(&self, request: Request, _: Actor, request_id: &str) -> Response {
        fault::finish(self.0.execute(request).await, request_id)
    }

    fn execute_stream(
        &self,
        request: Request,
        _: Actor,
        request_id: String,
    ) -> BoxStream<'static, Response> {
        let answers = self.0.execute_stream(request);
        answers
            .map(move |answer| fault::finish(answer, &request_id))
            .boxed()
    }
}

/// Lets in whoever says `Bearer good`, until the story says otherwise.
struct Keeper {
    lasts: TimeDelta,
    ended: AtomicBool,
    news: watch::Sender<u64>,
}

#[async_trait]
impl Gate for Keeper {
    async fn actor(&self, authorization: Option<&str>) -> Result<Actor, Error> {
        let expires = Clock::system().now() + self.lasts;
        match authorization {
            None => Ok(Actor::Anonymous),
            Some("Bearer good") => Ok(Actor::Person(Person {
                login: LoginId::from_uuid(Uuid::nil()),
                session: SessionId::from_uuid(Uuid::nil()),
                session_expires_at: expires,
                access_expires_at: expires,
                operator: false,
                agent: None,
                customer: None,
            })),
            // A switch.
            Some("Bearer records") => Ok(Actor::Machine(Machine {
                key: ApiKeyId::from_uuid(Uuid::nil()),
                role: MachineRole::Switch,
            })),
            Some(_) => Err(Error::Unauthenticated),
        }
    }

    fn ticket(&self, _: &Person, ask: &str) -> Result<Option<String>, Error> {
        Ok(Some(hex::encode(ask)))
    }

    async fn by_ticket(&self, ticket: &str) -> Result<(Actor, String), Error> {
        let ask = hex::decode(ticket)
            .ok()
            .and_then(|it| String::from_utf8(it).ok());
        let actor = self.actor(Some("Bearer good")).await?;
        Ok((actor, ask.ok_or(Error::Unauthenticated)?))
    }

    async fn again(&self, person: &Person) -> Result<Option<Person>, Error> {
        let ended = self.ended.load(Ordering::SeqCst);
        Ok((!ended).then(|| person.clone()))
    }

    fn watch(&self, _: SessionId) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    fn watch_key(&self, _: ApiKeyId) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    fn public_keys(&self) -> String {
        r#"{"keys":[]}"#.into()
    }
}

/// A server of its own, with the small schema.
pub struct SmallServer {
    pub address: String,
    pub world: Arc<World>,
    keeper: Arc<Keeper>,
    stop: CancellationToken,
    serving: Option<JoinHandle<()>>,
}

impl SmallServer {
    pub async fn start() -> Self {
        Self::with(SocketOptions::default(), TimeDelta::minutes(10)).await
    }

    /// With documents that may be named by an id, and perhaps no others.
    pub async fn trusting(documents: &str, only: bool) -> Self {
        let lasts = TimeDelta::minutes(10);
        Self::whole(
            SocketOptions::default(),
            lasts,
            Some((documents, only)),
            |door| door,
        )
        .await
    }

    /// With little patience and little room, and no proxy in front.
    pub async fn crowded(patience: Patience, crowd: Crowd) -> Self {
        let lasts = TimeDelta::minutes(10);
        Self::whole(SocketOptions::default(), lasts, None, |door| {
            door.with_patience(patience)
                .with_crowd(crowd)
                .with_proxies(Proxies::default())
        })
        .await
    }

    /// With other limits, and tokens that last so long.
    pub async fn with(sockets: SocketOptions, lasts: TimeDelta) -> Self {
        Self::whole(sockets, lasts, None, |door| door).await
    }

    async fn whole(
        sockets: SocketOptions,
        lasts: TimeDelta,
        trusted: Option<(&str, bool)>,
        more: impl FnOnce(Door<Small>) -> Door<Small>,
    ) -> Self {
        let world = Arc::new(World::default());
        let keeper = Arc::new(Keeper {
            lasts,
            ended: AtomicBool::new(false),
            news: watch::Sender::new(0),
        });
        let schema = Schema::build(Query, Mutation(world.clone()), Followed(world.clone()));
        let schema = schema.data(world.clone()).finish();
        let small = Small(schema);
        let trusted = trusted.map(|(text, only)| Trusted::parse(text, only, &small.rules()));
        let trusted = trusted.unwrap_or_else(|| Ok(Trusted::default()));
        let door = Door::new(small, keeper.clone(), Clock::system())
            .with_trusted(trusted.expect("good documents"))
            .with_sockets(sockets)
            .with_patience(Patience {
                headers: Duration::from_millis(100),
                ..Patience::default()
            })
            // The story itself speaks for the proxy in front.
            .with_proxies(Proxies {
                trusted: vec!["127.0.0.1/32".parse().unwrap()],
                ..Proxies::default()
            })
            .with_origins(["https://example.com".to_owned()]);
        let door = more(door);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let stop = CancellationToken::new();
        let routes = http::graphql(&door);
        let serving = http::serve(listener, routes, door, stop.clone().cancelled_owned());
        Self {
            address,
            world,
            keeper,
            stop,
            serving: Some(tokio::spawn(serving)),
        }
    }

    /// Ends the session, and says so.
    pub fn end_session(&self) {
        self.keeper.ended.store(true, Ordering::SeqCst);
        self.keeper.news.send_modify(|count| *count += 1);
    }

    /// Waits until so many floods are over, read or not.
    pub async fn floods_over(&self, count: u32) {
        let over = self.world.floods_over.0.acquire_many(count);
        over.await.expect("it is never closed").forget();
    }

    /// Begins the stop, and waits for its end.
    pub async fn stop(&mut self) {
        self.begin_stop();
        if let Some(serving) = self.serving.take() {
            serving.await.unwrap();
        }
    }

    pub fn begin_stop(&self) {
        self.stop.cancel();
    }

    pub fn stream_url(&self) -> String {
        format!("http://{}/graphql/stream", self.address)
    }

    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }
}
