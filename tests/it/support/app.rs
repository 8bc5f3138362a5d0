//! The whole program in one process, as a story needs it: a database of its own, a clock that the story sets, and
//! people who ask by the public schema.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use agent_program::Clock;
use agent_program::app::{App, Parts};
use agent_program::auth::new_key;
use agent_program::config::Limits;
use agent_program::graphql::Api;
use agent_program::program::Terms;
use agent_program::store::Db;
use chrono::{DateTime, TimeDelta, Utc};
use entity::{Email, Name};
use serde_json::{Value, json};

use super::caller::Caller;
use super::db::TestDb;

/// Tells a story twice: `on_both!(name_of_the_function);` above `async fn name_of_the_function(app: TestApp)`.
macro_rules! on_both {
    ($story:ident) => {
        mod $story {
            use crate::support::app::TestApp;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$story(TestApp::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                super::$story(TestApp::postgres().await).await;
            }
        }
    };
}

/// Everybody's password.
pub const PASSWORD: &str = "a quiet harbour";

/// The program, in process: `app` is its floors, for what no mutation does and no query shows.
pub struct TestApp {
    pub app: App,
    pub api: Api,
    time: Arc<AtomicI64>,
    people: Arc<AtomicU32>,
    key: Vec<u8>,
    db: Arc<TestDb>,
}

/// Somebody signed in who has a telephone account. Asks as the [`Caller`] that it is.
pub struct TestCustomer {
    pub caller: Caller,
    /// `cus_…`.
    pub id: String,
    /// The account number.
    pub number: String,
    pub email: String,
}

/// An approved agent, signed in. Asks as the [`Caller`] that it is.
pub struct TestAgent {
    pub caller: Caller,
    /// `agt_…`.
    pub id: String,
    /// The Agent ID.
    pub number: String,
    /// Its own telephone account: `cus_…`.
    pub account: String,
    pub email: String,
}

impl Deref for TestCustomer {
    type Target = Caller;
    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl Deref for TestAgent {
    type Target = Caller;
    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl TestApp {
    pub async fn sqlite() -> Self {
        Self::new(TestDb::sqlite().await)
    }

    pub async fn postgres() -> Self {
        Self::new(TestDb::postgres().await)
    }

    /// With the operator's settings as they come.
    pub fn new(db: TestDb) -> Self {
        Self::with_terms(db, Terms::default())
    }

    /// With other settings.
    pub fn with_terms(db: TestDb, terms: Terms) -> Self {
        Self::with(db, terms, Limits::default())
    }

    fn with(db: TestDb, terms: Terms, limits: Limits) -> Self {
        let start: DateTime<Utc> = "2026-11-02T09:00:00Z".parse().expect("an instant");
        let time = Arc::new(AtomicI64::new(start.timestamp_micros()));
        let key = new_key().expect("a key");
        let app = server(db.db.clone(), &time, &key, terms, limits);
        Self {
            api: app.api(),
            app,
            time,
            people: Arc::default(),
            key,
            db: Arc::new(db),
        }
    }

    /// Where guessing and signing up is as fast as this.
    pub fn with_limits(db: TestDb, limits: Limits) -> Self {
        Self::with(db, Terms::default(), limits)
    }

    /// Another server on the same database, with other settings: its clock is the same, and so is who is signed in.
    pub async fn beside(&self, terms: Terms) -> Self {
        let db = self.db.open_again().await;
        let app = server(db, &self.time, &self.key, terms, Limits::default());
        Self {
            api: app.api(),
            app,
            time: self.time.clone(),
            people: self.people.clone(),
            key: self.key.clone(),
            db: self.db.clone(),
        }
    }

    /// What another process opens the same database by.
    pub fn database_url(&self) -> &str {
        &self.db.url
    }

    /// What the story's clock shows. It moves by a microsecond each time that it is read, and else by [`Self::pass`].
    pub fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    /// Lets time pass.
    pub fn pass(&self, time: TimeDelta) {
        let micros = time.num_microseconds().expect("a time");
        self.time.fetch_add(micros, Ordering::SeqCst);
    }

    /// Sets the clock.
    pub fn set_clock(&self, now: DateTime<Utc>) {
        self.time.store(now.timestamp_micros(), Ordering::SeqCst);
    }

    /// A stranger.
    pub fn anonymous(&self) -> Caller {
        Caller::new(&self.api, None)
    }

    /// Whoever has a bearer token.
    pub fn with_token(&self, token: &str) -> Caller {
        Caller::new(&self.api, Some(token))
    }

    /// Somebody with [`PASSWORD`], in a new session.
    pub async fn sign_in(&self, email: &str) -> Caller {
        self.sign_in_with(email, PASSWORD).await
    }

    /// Somebody who has chosen another password.
    pub async fn sign_in_with(&self, email: &str, password: &str) -> Caller {
        let input = json!({ "email": email, "password": password });
        let stranger = self.anonymous();
        let signed = stranger.mutate("signIn", input, "session { accessToken }");
        self.with_token(text(&signed.await["session"]["accessToken"]))
    }

    /// An address that nobody has yet.
    pub fn new_email(&self, who: &str) -> String {
        let count = self.people.fetch_add(1, Ordering::SeqCst);
        format!("{who}.{count}@example.com")
    }

    /// A new operator, signed in.
    pub async fn operator(&self) -> Caller {
        let email = self.new_email("operator");
        let registry = &self.app.registry;
        let name = Name::parse("Olga Operator").expect("a name");
        let address = Email::parse(&email).expect("an address");
        let made = registry.add_operator(name, address, PASSWORD.into()).await;
        made.expect("an operator");
        self.sign_in(&email).await
    }

    /// A new agent at this rate (`"3.00"`), who applied, was approved and set its password.
    pub async fn agent(&self, rate: &str) -> TestAgent {
        let email = self.new_email("agent");
        let application = application(&email);
        let sent = self.anonymous();
        let sent = sent.mutate("applyToProgram", application, "application { id }");
        let id = text(&sent.await["application"]["id"]).to_owned();
        let decision = json!({ "applicationId": id, "commissionRate": rate });
        let shown = "claimUrl agent { id agentNumber customer { id } }";
        let operator = self.operator().await;
        let approved = operator.mutate("approveApplication", decision, shown).await;
        let caller = self.claim(text(&approved["claimUrl"]), &email).await;
        let agent = &approved["agent"];
        TestAgent {
            caller,
            id: text(&agent["id"]).to_owned(),
            number: text(&agent["agentNumber"]).to_owned(),
            account: text(&agent["customer"]["id"]).to_owned(),
            email,
        }
    }

    /// Uses a claim link, and signs in.
    pub async fn claim(&self, claim_url: &str, email: &str) -> Caller {
        let token = token_of(claim_url);
        let input = json!({ "token": token, "email": email, "password": PASSWORD });
        let stranger = self.anonymous();
        let signed = stranger.mutate("claimAccount", input, "session { accessToken }");
        self.with_token(text(&signed.await["session"]["accessToken"]))
    }

    /// A new customer without an agent, signed in.
    pub async fn customer(&self) -> TestCustomer {
        let email = self.new_email("customer");
        let input = json!({ "name": "Carl Customer", "email": email, "password": PASSWORD });
        self.signed_up("signUp", input, email).await
    }

    /// A new customer who typed the agent's number, signed in.
    pub async fn customer_of(&self, agent: &TestAgent) -> TestCustomer {
        let email = self.new_email("customer");
        let input = json!({
            "name": "Carl Customer", "email": email, "password": PASSWORD, "agentNumber": agent.number,
        });
        self.signed_up("signUpWithAgent", input, email).await
    }

    async fn signed_up(&self, how: &str, input: Value, email: String) -> TestCustomer {
        let shown = "customer { id accountNumber } session { accessToken }";
        let new = self.anonymous().mutate(how, input, shown).await;
        TestCustomer {
            caller: self.with_token(text(&new["session"]["accessToken"])),
            id: text(&new["customer"]["id"]).to_owned(),
            number: text(&new["customer"]["accountNumber"]).to_owned(),
            email,
        }
    }

    /// A new machine's key: `SWITCH` or `PROCESSOR`.
    pub async fn machine(&self, role: &str) -> Caller {
        let input = json!({ "name": format!("A {role}"), "role": role });
        let operator = self.operator().await;
        let made = operator.mutate("createApiKey", input, "secret").await;
        self.with_token(text(&made["secret"]))
    }

    /// Pays money in by credit card, as whoever asks, into its own account.
    pub async fn top_up(&self, caller: &Caller, amount: &str) {
        let key = self.new_key();
        let input = json!({
            "amount": amount, "method": "CREDIT_CARD", "paymentToken": "tok_approve", "idempotencyKey": key,
        });
        let paid = caller.mutate("topUp", input, "topUp { state }").await;
        assert_eq!(paid["topUp"]["state"], "SETTLED");
    }

    /// An idempotency key that nobody used yet.
    pub fn new_key(&self) -> String {
        format!("key-{}", self.people.fetch_add(1, Ordering::SeqCst))
    }
}

/// The token in a claim link.
pub fn token_of(claim_url: &str) -> &str {
    let (_, token) = claim_url.split_once("token=").expect("a token in the link");
    token
}

/// An input of `applyToProgram` that nothing is wrong with.
pub fn application(email: &str) -> Value {
    json!({
        "kind": "INDIVIDUAL",
        "name": "Ada Agent",
        "email": email,
        "business": "A shop for telephones.",
        "plan": "At the counter.",
        "promotion": ["WORD_OF_MOUTH", "OTHER"],
        "promotionDetail": "A sign in the window.",
        "involvement": ["SETUP", "SUPPORT"],
        "markets": ["LOCAL"],
        "places": "Hoboken",
        "projection": { "oneMonth": 5, "threeMonths": 15, "sixMonths": 40, "oneYear": 100 },
        "notes": "Open on Sundays.",
    })
}

/// A text that must be there.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn server(db: Db, time: &Arc<AtomicI64>, key: &[u8], terms: Terms, limits: Limits) -> App {
    let mut parts = Parts::new(db, clock(time), key.to_vec());
    parts.terms = terms;
    parts.auth.limits = limits;
    App::new(parts).expect("an app")
}

fn clock(time: &Arc<AtomicI64>) -> Clock {
    let time = time.clone();
    Clock::from_fn(move || {
        let micros = time.fetch_add(1, Ordering::SeqCst);
        DateTime::from_timestamp_micros(micros).expect("an instant")
    })
}
