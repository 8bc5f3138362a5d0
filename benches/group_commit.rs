//! How many charges a second the server posts to one hot agent over 64 connections: with group commit, and with a
//! transaction for each. Measured in alternation, in one run, over HTTP; the books are proved afterwards.
//!
//! `scripts/postgres.sh --durable cargo bench --bench group_commit`

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use agent_program::app::{App, Parts};
use agent_program::auth;
use agent_program::ledger::check;
use agent_program::registry::{NewApplication, NewPerson};
use agent_program::store::Db;
use agent_program::{Clock, http};
use entity::agent::AgentKind;
use entity::api_key::MachineRole;
use entity::application::{Involvement, MarketScope, PromotionChannel};
use entity::{Email, Name, Percent, Prose};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 5;

const DOCUMENT: &str = "mutation($input: RecordChargesInput!) { recordCharges(input: $input) { posted results { error { code } charge { id commission { amount } } } userErrors { code } } }";

/// A server with one agent, one customer of its, and a switch.
struct Server {
    name: &'static str,
    app: App,
    url: String,
    key: String,
    account: String,
    client: reqwest::Client,
    sent: Arc<AtomicU64>,
}

impl Server {
    async fn start(name: &'static str, max_batch: usize) -> Self {
        let url = fresh_database(name).await;
        let db = Db::connect(&url, "benchmark").await.expect("a database");
        db.migrate_up().await.expect("the schema");
        let key = auth::new_key().expect("a key");
        let mut parts = Parts::new(db, Clock::system(), key);
        parts.ledger.max_batch = max_batch;
        let app = App::new(parts).expect("a server");
        let (key, account) = people(&app).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let door = app.door();
        let routes = http::routes(&door, app.db.clone(), None);
        tokio::spawn(http::serve(listener, routes, door, std::future::pending()));
        Self {
            name,
            app,
            url: format!("http://{address}/graphql"),
            key,
            account,
            client: reqwest::Client::new(),
            sent: Arc::default(),
        }
    }

    /// Posts over all connections for a while; charges a second.
    async fn round(&self, lasting: Duration) -> f64 {
        let began = Instant::now();
        let mut connections = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (client, url, key) = (self.client.clone(), self.url.clone(), self.key.clone());
            let (account, sent) = (self.account.clone(), Arc::clone(&self.sent));
            connections.spawn(async move {
                let mut posted = 0_u32;
                while began.elapsed() < lasting {
                    let n = sent.fetch_add(1, Ordering::Relaxed);
                    post(&client, &url, &key, &account, n).await;
                    posted += 1;
                }
                posted
            });
        }
        let posted: u32 = connections.join_all().await.into_iter().sum();
        f64::from(posted) / began.elapsed().as_secs_f64()
    }

    /// What was answered is in the books, once, and the books are right.
    async fn prove(&self) {
        let found = check::check(&self.app.db, &self.app.terms, self.app.clock.now(), |_| {});
        let found = found.await.expect("the database answers");
        assert!(found.violations.is_empty(), "{}", check::report(&found));
        let sent = self.sent.load(Ordering::Relaxed);
        assert_eq!(u64::try_from(found.transactions), Ok(sent), "{}", self.name);
    }
}

async fn post(client: &reqwest::Client, url: &str, key: &str, account: &str, n: u64) {
    let charge = json!({
        "externalId": n.to_string(),
        "accountNumber": account,
        "kind": "CALL",
        "description": "A call",
        "amount": "0.0198",
        "occurredAt": Clock::system().now().to_rfc3339(),
    });
    let input = json!({ "source": "bench", "charges": [charge] });
    let body = json!({ "query": DOCUMENT, "variables": { "input": input } });
    let answer = client.post(url).bearer_auth(key).json(&body).send().await;
    let answer: Value = answer.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer["data"]["recordCharges"]["posted"], 1, "{answer}");
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

fn email(text: &str) -> Email {
    Email::parse(text).expect("an address")
}

fn prose(text: &str) -> Prose {
    Prose::parse(text).expect("a text")
}

/// An agent at 3% and a customer of its; the switch's key and the customer's account number.
async fn people(app: &App) -> (String, String) {
    let registry = &app.registry;
    let password = || "a long password 4711".to_owned();
    let operator =
        registry.add_operator(name("Operator"), email("operator@example.com"), password());
    let operator = operator.await.expect("an operator").id;
    let application = NewApplication {
        kind: AgentKind::Individual,
        name: name("Agent"),
        email: email("agent@example.com"),
        business: prose("A shop"),
        plan: prose("By word of mouth"),
        promotion: vec![PromotionChannel::WordOfMouth],
        promotion_detail: None,
        involvement: vec![Involvement::Setup],
        markets: vec![MarketScope::Local],
        places: None,
        projection: [1, 1, 1, 1],
        notes: None,
    };
    let application = registry
        .apply(None, application)
        .await
        .expect("an application");
    let percent = Percent::parse("3").expect("a percentage");
    let agent = registry.approve(operator, application.id, percent, None);
    let agent = agent.await.expect("an agent").agent;
    let person = NewPerson {
        name: name("Customer"),
        email: email("customer@example.com"),
        password: password(),
    };
    let customer = registry.sign_up_with_agent(person, Some(agent.number.as_str()), None);
    let customer = customer.await.expect("a customer").customer;
    let switch = registry.create_api_key(operator, name("switch"), MachineRole::Switch);
    let (_, secret) = switch.await.expect("a key");
    (secret, customer.number.to_string())
}

/// A database of its own on the server that `TEST_PG_URL` names, which has to wait for its disk.
async fn fresh_database(name: &str) -> String {
    let server = std::env::var("TEST_PG_URL").expect(
        "TEST_PG_URL is not set; run `scripts/postgres.sh --durable cargo bench --bench group_commit`",
    );
    let mut postgres = PgConnection::connect(&server).await.expect("a PostgreSQL");
    for setting in ["fsync", "synchronous_commit"] {
        let show = AssertSqlSafe(format!("SHOW {setting}"));
        let value: String = sqlx::query_scalar(show)
            .fetch_one(&mut postgres)
            .await
            .expect("a setting");
        assert_eq!(
            value, "on",
            "{setting} must be on; run scripts/postgres.sh with --durable"
        );
    }
    let name = format!("bench_{name}_{}", std::process::id());
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create)
        .execute(&mut postgres)
        .await
        .expect("a database");
    server.replacen("/postgres?", &format!("/{name}?"), 1)
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

#[tokio::main]
async fn main() {
    let seconds = std::env::var("SECONDS_A_ROUND")
        .ok()
        .and_then(|text| text.parse().ok());
    let lasting = Duration::from_secs(seconds.unwrap_or(6));
    let grouped = Server::start(
        "grouped",
        agent_program::ledger::LedgerOptions::default().max_batch,
    )
    .await;
    let single = Server::start("single", 1).await;
    let warm = Duration::from_secs(2);
    grouped.round(warm).await;
    single.round(warm).await;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    println!(
        "charges a second, {CONNECTIONS} connections, one agent, {} s a round",
        lasting.as_secs()
    );
    println!(
        "{:>6} {:>14} {:>16}",
        "round", "group commit", "batches of one"
    );
    for round in 1..=ROUNDS {
        with.push(grouped.round(lasting).await);
        without.push(single.round(lasting).await);
        println!(
            "{round:>6} {:>14.0} {:>16.0}",
            with[round - 1],
            without[round - 1]
        );
    }
    let (with, without) = (median(&mut with), median(&mut without));
    println!(
        "{:>6} {with:>14.0} {without:>16.0}   {:.1} times",
        "median",
        with / without
    );
    grouped.prove().await;
    single.prove().await;
    println!("Both books are proved: every charge that was answered is there, once.");
}
