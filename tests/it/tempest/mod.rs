//! The storm over the network: many clients, while the server is killed, and its database crashes and cuts everybody off.
//! Whatever was acknowledged is there once, and nothing else (`program.md`, 4.9).
//!
//! Fifteen seconds on each database, or as many as `AGENT_PROGRAM_STORM` says.

mod clients;
mod cluster;
mod requests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use agent_program::Clock;
use entity::Money;
use futures_util::{StreamExt, stream};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::block_in_place;

use crate::support::app::{TestApp, text};
use crate::support::db::TestDb;
use crate::support::dice::Dice;
use crate::support::process::{Server, command};
use crate::support::sales::rate;
use clients::{Asker, Counts, Tokens, World};
use cluster::Cluster;
use requests::{Kind, Outcome, People, Request};

const CLIENTS: u64 = 32;
const CUSTOMERS: usize = 8;
/// What the agent has paid in before, in ten-thousandths.
const FUNDING: i64 = 20_000_000_000;
/// How many of those that were answered are asked for again.
const AGAIN: usize = 3_000;
/// All clients are this machine.
const ALONE: &[&str] = &["--connections-per-source", "-"];

fn how_long() -> Duration {
    let said = std::env::var("AGENT_PROGRAM_STORM").ok();
    let said = said.map(|text| {
        text.parse()
            .expect("AGENT_PROGRAM_STORM is a number of seconds")
    });
    Duration::from_secs(said.unwrap_or(15))
}

/// What can happen to whoever serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Blow {
    ServerKilled,
    DatabaseCrashed,
    ConnectionsCut,
}

/// The server and the database that it serves.
struct House {
    database: String,
    key: std::path::PathBuf,
    server: Server,
    cluster: Option<Cluster>,
    url: watch::Sender<String>,
}

impl House {
    fn blows(&self) -> &'static [Blow] {
        use Blow::{ConnectionsCut, DatabaseCrashed, ServerKilled};
        match self.cluster {
            Some(_) => &[ServerKilled, DatabaseCrashed, ConnectionsCut],
            None => &[ServerKilled],
        }
    }

    async fn suffer(&mut self, blow: Blow) {
        match (blow, &mut self.cluster) {
            (Blow::DatabaseCrashed, Some(cluster)) => block_in_place(|| cluster.restart()),
            (Blow::ConnectionsCut, Some(cluster)) => cluster.cut().await,
            _ => {
                self.server.kill();
                self.server = block_in_place(|| Server::with(&self.database, &self.key, ALONE));
                self.url.send_replace(self.server.url());
            }
        }
        self.server.ready().await;
        self.verify();
    }

    /// The proof, while it serves.
    fn verify(&self) {
        let verified = block_in_place(|| command(&self.database, &self.key).arg("verify").output());
        let verified = verified.expect("the program");
        let report = String::from_utf8_lossy(&verified.stdout);
        let log = String::from_utf8_lossy(&verified.stderr);
        assert!(verified.status.success(), "{report}\n{log}");
    }
}

/// An agent with money and customers, and an operator, all signed in for the storm.
async fn people(database: &str) -> (People, [String; 2]) {
    let app = TestApp::new(TestDb::at(database).await);
    app.set_clock(Clock::system().now() - chrono::TimeDelta::minutes(2));
    let operator = app.operator().await;
    rate(&operator, "1", "0.0600").await;
    let agent = app.agent("3.00").await;
    app.wire(&operator, &agent, &money(FUNDING)).await;
    let mut customers = Vec::new();
    for _ in 0..CUSTOMERS {
        let customer = app.customer_of(&agent).await;
        customers.push((customer.id.clone(), customer.number.clone()));
    }
    let email = operator.query("{ viewer { user { email } } }").await;
    let people = People {
        customers,
        now: app.now().to_rfc3339(),
    };
    let email = text(&email["viewer"]["user"]["email"]).to_owned();
    (people, [agent.email, email])
}

fn money(units: i64) -> String {
    Money::from_units(units).to_string()
}

async fn run(url: &str, token: &str, document: &str, variables: Value) -> Value {
    let body = json!({ "query": document, "variables": variables });
    let mut request = Client::new().post(url).json(&body);
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.expect("an answer");
    let mut answer: Value = answer.json().await.expect("JSON");
    assert!(answer["errors"].is_null(), "{answer:#}");
    answer["data"].take()
}

async fn sign_in(url: &str, email: &str) -> String {
    let document =
        "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }";
    let input = json!({ "email": email, "password": crate::support::app::PASSWORD });
    let signed = run(url, "", document, json!({ "input": input })).await;
    text(&signed["signIn"]["session"]["accessToken"]).to_owned()
}

async fn storm(database: String, cluster: Option<Cluster>, folder: &Path) {
    let seed = Dice::seed("tempest");
    let mut dice = Dice::new(seed);
    let (people, emails) = people(&database).await;
    let key = folder.join("token.key");
    let server = block_in_place(|| Server::with(&database, &key, ALONE));
    server.ready().await;
    let (url, now_at) = watch::channel(server.url());
    let (end, over) = watch::channel(false);
    let [agent, operator] = [
        sign_in(&server.url(), &emails[0]).await,
        sign_in(&server.url(), &emails[1]).await,
    ];
    let world = Arc::new(World {
        people,
        tokens: Tokens { agent, operator },
        url: now_at,
        over,
        counts: Counts::default(),
    });
    let mut house = House {
        database,
        key,
        server,
        cluster,
        url,
    };
    let clients = (0..CLIENTS).map(|nth| {
        let asker = Asker::new(world.clone());
        tokio::spawn(asker.storm(format!("client-{nth}"), seed ^ (nth + 1)))
    });
    let clients: Vec<_> = clients.collect();
    let begun = Instant::now();
    let mut blows: BTreeMap<Blow, u32> = BTreeMap::new();
    while begun.elapsed() < how_long() {
        tokio::time::sleep(Duration::from_millis(500 + dice.below(2_000))).await;
        // Each in turn at first, so that every one of them happens.
        let all = house.blows();
        let struck: u32 = blows.values().sum();
        let next = all.get(usize::try_from(struck).expect("a few"));
        let blow = *next.unwrap_or_else(|| dice.one_of(all));
        *blows.entry(blow).or_default() += 1;
        house.suffer(blow).await;
        assert!(
            !clients.iter().any(tokio::task::JoinHandle::is_finished),
            "a client gave up"
        );
    }
    end.send_replace(true);
    let mut all: Vec<Request> = Vec::new();
    for client in clients {
        all.extend(client.await.expect("a client that was told the truth"));
    }
    println!("{:?}, {blows:?}", world.counts);
    let unknown = settle(&world, &mut all, &mut dice).await;
    println!(
        "{} things, of {unknown} of which no client knew what had become of them",
        all.len()
    );
    assert!(house.blows().iter().all(|blow| blows.contains_key(blow)));
    compare(&house, &world, &all).await;
    house.verify();
}

/// Asks again for what nobody knows of, and for some of what was acknowledged: answers how much was unknown.
async fn settle(world: &Arc<World>, all: &mut [Request], dice: &mut Dice) -> usize {
    let many = all.len();
    let some = u64::try_from(many / AGAIN + 1).expect("a small share");
    let mut asked = Vec::new();
    let mut unknown = 0;
    for (at, request) in all.iter().enumerate() {
        unknown += usize::from(request.outcome.is_none());
        if request.outcome.is_none() || dice.once_in(some) {
            asked.push(at);
        }
    }
    let asker = Asker::new(world.clone());
    let answers: Vec<_> = stream::iter(asked)
        .map(|at| {
            let (asker, request) = (&asker, &all[at]);
            async move { (at, asker.insist(request).await) }
        })
        .buffer_unordered(16)
        .collect()
        .await;
    for (at, (outcome, before)) in answers {
        let request = &mut all[at];
        match &request.outcome {
            Some(known) => {
                assert_eq!(outcome, *known, "{}", request.input);
                assert!(
                    before || matches!(outcome, Outcome::Refused(_)),
                    "it was done before: {}",
                    request.input
                );
            }
            None => request.outcome = Some(outcome),
        }
    }
    unknown
}

/// What the books hold is what was acknowledged, to the last ten-thousandth.
async fn compare(house: &House, world: &World, all: &[Request]) {
    let mut ids: Vec<&String> = Vec::new();
    let (mut agent, mut reserved) = (FUNDING, 0);
    let mut customers = [0; CUSTOMERS];
    let mut charges = 0;
    for request in all {
        let Some(Outcome::Done(done)) = &request.outcome else {
            continue;
        };
        ids.extend(done);
        let rows = i64::try_from(request.rows()).expect("a few");
        let customer = &mut customers[request.customer];
        match request.kind {
            Kind::Charges => {
                *customer -= 1_000 * rows;
                agent += 30 * rows;
                charges += rows;
            }
            Kind::Calls => {
                *customer -= 600 * rows;
                agent += 18 * rows;
                charges += rows;
            }
            Kind::Transfer => {
                *customer += 5_000;
                agent -= 5_000;
            }
            Kind::TopUp => agent += 50_000,
            Kind::Payout => {
                agent -= 200_000;
                reserved += 200_000;
            }
            Kind::Refund => {
                *customer += 1_000;
                agent -= 30;
            }
        }
    }
    let answered = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), answered, "each is a thing of its own");
    let url = house.server.url();
    let held = "{ viewer { agent { balance { funding commission reserved } } } }";
    let held = run(&url, &world.tokens.agent, held, json!({})).await;
    let held = &held["viewer"]["agent"]["balance"];
    let units = |amount: &Value| Money::parse(text(amount)).expect("money").units();
    assert_eq!(units(&held["funding"]) + units(&held["commission"]), agent);
    assert_eq!(units(&held["reserved"]), reserved);
    let account = "query($id: ID!) { customer: node(id: $id) { ... on Customer { balance { cash promo } charges { totalCount } } } }";
    let mut counted = 0;
    for ((id, _), cash) in world.people.customers.iter().zip(customers) {
        let seen = run(&url, &world.tokens.operator, account, json!({ "id": id })).await;
        assert_eq!(
            seen["customer"]["balance"],
            json!({ "cash": money(cash), "promo": "0.0000" })
        );
        counted += seen["customer"]["charges"]["totalCount"]
            .as_i64()
            .expect("a count");
    }
    assert_eq!(counted, charges);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_9_in_a_storm_over_the_network_what_was_acknowledged_is_there_once_on_sqlite() {
    let folder = TempDir::new().expect("a temporary folder");
    let database = format!("sqlite://{}", folder.path().join("storm.db").display());
    storm(database, None, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_9_in_a_storm_over_the_network_what_was_acknowledged_is_there_once_on_postgres() {
    let folder = TempDir::new().expect("a temporary folder");
    let cluster = block_in_place(Cluster::start);
    storm(cluster.url.clone(), Some(cluster), folder.path()).await;
}
