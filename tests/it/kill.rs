//! The server is killed, twenty times, and whatever it had answered is there once (`program.md`, 4.9).

use std::time::Duration;

use agent_program::Clock;
use futures_util::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::support::app::{PASSWORD, TestApp, text};
use crate::support::dice::Dice;
use crate::support::money::{account, funds};
use crate::support::process::{PATIENCE, Server, command};

const KILLS: u32 = 20;
const CLIENTS: u32 = 4;
/// All clients are this machine.
const ALONE: &[&str] = &["--connections-per-source", "-"];

/// Whoever asks a server over HTTP.
struct Asker {
    http: Client,
    url: String,
    token: String,
}

impl Asker {
    fn new(server: &Server, token: &str) -> Self {
        Self {
            http: Client::builder()
                .timeout(PATIENCE)
                .build()
                .expect("a client"),
            url: format!("http://{}/graphql", server.address),
            token: token.to_owned(),
        }
    }

    /// The answer's data, or nothing where the server died before it had answered.
    async fn ask(&self, document: &str, input: &Value) -> Option<Value> {
        let body = json!({ "query": document, "variables": { "input": input } });
        let mut request = self.http.post(&self.url).json(&body);
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        let mut answer: Value = request.send().await.ok()?.json().await.ok()?;
        assert!(answer["errors"].is_null(), "{answer:#}");
        Some(answer["data"].take())
    }

    async fn sign_in(server: &Server, email: &str) -> String {
        let document =
            "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }";
        let input = json!({ "email": email, "password": PASSWORD });
        let answer = Self::new(server, "").ask(document, &input).await;
        text(&answer.expect("an answer")["signIn"]["session"]["accessToken"]).to_owned()
    }
}

const TRANSFER: &str =
    "mutation($input: TransferFundsInput!) { done: transferFunds(input: $input) {
    transfer { id amount } replayed userErrors { code message } } }";
const TOP_UP: &str = "mutation($input: TopUpInput!) { done: topUp(input: $input) {
    topUp { id state } replayed userErrors { code message } } }";
const CHARGE: &str = "mutation($input: RecordChargesInput!) { done: recordCharges(input: $input) {
    results { charge { id amount } replayed error { code message } } userErrors { code message } } }";

/// Something that is asked for once, however often.
struct Request {
    document: &'static str,
    input: Value,
    /// The id of what the server said that it had done.
    answered: Option<String>,
}

impl Request {
    /// The id, and whether it was there before.
    fn read(&self, data: &Value) -> (String, bool) {
        let done = &data["done"];
        assert_eq!(done["userErrors"], json!([]), "{:#}", self.input);
        let (done, what) = match self.document {
            TRANSFER => (done, "transfer"),
            TOP_UP => (done, "topUp"),
            _ => (&done["results"][0], "charge"),
        };
        assert!(!done[what].is_null(), "{done:#}");
        let replayed = done["replayed"].as_bool().expect("a flag");
        (text(&done[what]["id"]).to_owned(), replayed)
    }
}

/// What the clients ask about.
struct World {
    agent: String,
    operator: String,
    customer: String,
    number: String,
    now: String,
}

impl World {
    /// The next request of a client.
    fn request(&self, dice: &mut Dice, name: &str) -> Request {
        let (document, input) = match dice.below(20) {
            0 => (
                TOP_UP,
                json!({
                    "amount": "5.00", "method": "CREDIT_CARD", "paymentToken": "tok_approve", "idempotencyKey": name,
                }),
            ),
            1..11 => (
                TRANSFER,
                json!({ "customerId": self.customer, "amount": "0.5000", "idempotencyKey": name }),
            ),
            _ => {
                let row = json!({
                    "externalId": name, "accountNumber": self.number, "kind": "CALL", "description": "A call",
                    "amount": "0.1000", "occurredAt": self.now,
                });
                (CHARGE, json!({ "source": "switch", "charges": [row] }))
            }
        };
        Request {
            document,
            input,
            answered: None,
        }
    }

    fn asker(&self, server: &Server, request: &Request) -> Asker {
        let charge = request.document == CHARGE;
        Asker::new(server, if charge { &self.operator } else { &self.agent })
    }

    /// A client posts until the server is gone: all that it sent, of which the last has no answer.
    async fn client(
        &self,
        server: &Server,
        name: String,
        seed: u64,
        sent: &watch::Sender<u64>,
    ) -> Vec<Request> {
        let mut dice = Dice::new(seed);
        let (agent, operator) = (
            Asker::new(server, &self.agent),
            Asker::new(server, &self.operator),
        );
        let mut requests = Vec::new();
        loop {
            let mut request = self.request(&mut dice, &format!("{name}-{}", requests.len()));
            let who = if request.document == CHARGE {
                &operator
            } else {
                &agent
            };
            sent.send_modify(|count| *count += 1);
            let answer = who.ask(request.document, &request.input).await;
            request.answered = answer.as_ref().map(|data| request.read(data).0);
            requests.push(request);
            if answer.is_none() {
                return requests;
            }
        }
    }

    /// Asks for all of it again: what was answered is there as it was, and what was not is there now.
    async fn again(&self, server: &Server, requests: &mut [Request]) {
        let asked = requests.iter_mut().map(async |request| {
            let who = self.asker(server, request);
            let data = who.ask(request.document, &request.input).await;
            let (id, replayed) = request.read(&data.expect("an answer"));
            if let Some(answered) = &request.answered {
                assert!(replayed, "it was answered before: {}", request.input);
                assert_eq!(id, *answered, "{}", request.input);
            }
            request.answered = Some(id);
        });
        join_all(asked).await;
    }
}

async fn killed_twenty_times(app: TestApp) {
    let seed = Dice::seed("kill");
    let mut dice = Dice::new(seed);
    let folder = TempDir::new().expect("a temporary folder");
    let key = folder.path().join("token.key");
    let database = app.database_url();
    app.set_clock(Clock::system().now() - chrono::TimeDelta::minutes(1));
    let agent = app.agent("3.00").await;
    let customer = app.customer_of(&agent).await;
    let in_process = app.operator().await;
    app.wire(&in_process, &agent, "5000.00").await;
    let email = in_process.query("{ viewer { user { email } } }").await;

    let mut server = Server::with(database, &key, ALONE);
    server.ready().await;
    let world = World {
        agent: Asker::sign_in(&server, &agent.email).await,
        operator: Asker::sign_in(&server, text(&email["viewer"]["user"]["email"])).await,
        customer: customer.id.clone(),
        number: customer.number.clone(),
        now: app.now().to_rfc3339(),
    };
    let mut all: Vec<Request> = Vec::new();
    for life in 0..KILLS {
        let (sent, mut count) = watch::channel(0);
        let (after, later) = (5 + dice.below(40), Duration::from_micros(dice.below(6_000)));
        println!("life {life}: killed {later:?} after request {after}");
        let killer = async {
            count
                .wait_for(|count| *count >= after)
                .await
                .expect("a client");
            // Somewhere in the midst of what is under way; nothing waits for it.
            tokio::time::sleep(later).await;
            server.kill();
        };
        let clients = (0..CLIENTS).map(|nth| {
            let name = format!("{life}-{nth}");
            world.client(&server, name, dice.below(u64::MAX), &sent)
        });
        let clients: Vec<_> = clients.collect();
        let (lists, ()) = tokio::join!(join_all(clients), killer);
        let mut requests: Vec<Request> = lists.into_iter().flatten().collect();
        server = Server::with(database, &key, ALONE);
        server.ready().await;
        world.again(&server, &mut requests).await;
        all.extend(requests);
    }
    world.again(&server, &mut all).await;
    server.kill();

    let count = |document: &str| all.iter().filter(|it| it.document == document).count();
    let (transfers, charges, top_ups) = (count(TRANSFER), count(CHARGE), count(TOP_UP));
    println!("{transfers} transfers, {charges} charges, {top_ups} top-ups");
    let mut ids: Vec<&String> = all.iter().filter_map(|it| it.answered.as_ref()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all.len(), "each is a thing of its own");
    let amount = |units: usize| {
        let units = i64::try_from(units).expect("a small sum");
        entity::Money::from_units(units).to_string()
    };
    let funding = amount(50_000_000 + top_ups * 50_000 - transfers * 5_000);
    let commission = amount(charges * 30);
    assert_eq!(
        funds(&agent).await,
        format!("{funding} funding, {commission} commission, 0.0000 reserved")
    );
    assert!(
        transfers * 5_000 >= charges * 1_000,
        "no debt, to be read plainly"
    );
    let cash = amount(transfers * 5_000 - charges * 1_000);
    assert_eq!(
        account(&customer).await,
        format!("{cash} cash, 0.0000 promo")
    );
    app.set_clock(Clock::system().now());
    app.prove().await;
    let verified = command(database, &key)
        .arg("verify")
        .output()
        .expect("the program");
    let report = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success(), "{report}");
}

on_both!(rule_9_what_was_answered_is_there_once_whenever_the_server_is_killed);
async fn rule_9_what_was_answered_is_there_once_whenever_the_server_is_killed(app: TestApp) {
    killed_twenty_times(app).await;
}
