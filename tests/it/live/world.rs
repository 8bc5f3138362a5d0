//! An agent with two customers, told of from below the doors: so that a second process, and what it hears, can be had.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use agent_program::app::{App, Parts};
use agent_program::auth::{Actor, Auth, Origin, Person, new_key};
use agent_program::graphql::Api;
use agent_program::ledger::Ledger;
use agent_program::live::Live;
use agent_program::program::{GrantPromo, RatedCharge, RecordCharges, Terms};
use agent_program::registry::{NewApplication, NewCustomer, NewPerson, Registry};
use agent_program::store::Db;
use agent_program::store::audit::Act;
use agent_program::{Clock, Error};
use async_graphql::Response;
use chrono::TimeDelta;
use entity::charge::ChargeKind;
use entity::customer::Management;
use entity::{
    AccountNumber, AgentId, CustomerId, Email, Money, Name, Percent, Prose, agent, application,
};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde_json::Value;

use crate::support::caller::judged;
use crate::support::db::TestDb;

const PASSWORD: &str = "a quiet harbour";
/// Longer than any answer takes, and shorter than it takes a stream to notice that a hint was lost.
const PATIENCE: Duration = Duration::from_secs(25);

/// One process: the floors below the doors.
pub struct Process {
    pub db: Db,
    pub auth: Auth,
    pub registry: Registry,
    pub ledger: Ledger,
    pub live: Live,
    pub api: Api,
}

/// An agent with a customer that manages itself and one that it manages.
pub struct World {
    pub test: TestDb,
    pub terms: Arc<Terms>,
    pub here: Process,
    pub operator: Person,
    pub agent: Person,
    pub agent_id: AgentId,
    pub customer: Person,
    pub customer_id: CustomerId,
    number: AccountNumber,
    pub managed: CustomerId,
    claim_url: String,
    key: Vec<u8>,
    ahead: Arc<AtomicI64>,
}

impl World {
    pub async fn new(test: TestDb) -> Self {
        Self::with_terms(test, Terms::default()).await
    }

    pub async fn with_terms(test: TestDb, terms: Terms) -> Self {
        let (terms, key) = (Arc::new(terms), new_key().unwrap());
        let ahead = Arc::new(AtomicI64::new(0));
        let here = Process::start(test.db.clone(), &terms, &key, &ahead);
        let registry = &here.registry;
        let registered = registry.add_operator(name("Olga"), email("olga"), PASSWORD.into());
        let registered = registered.await.unwrap();
        let from = Origin::default();
        let operator = here.auth.sign_in("olga@example.com", PASSWORD, &from);
        let operator = operator.await.unwrap().person;
        let applied = registry.apply(None, application()).await.unwrap();
        let rate = Percent::parse("3").unwrap();
        let act = Act::of_operator(registered.id, "approveApplication");
        let approved = registry.approve(&act, applied.id, rate, None);
        let approved = approved.await.unwrap();
        let claim_url = approved.claim_url.unwrap();
        let here_from = Origin::default();
        let claimed = registry.claim(token(&claim_url), email("ada"), PASSWORD.into(), &here_from);
        let agent = claimed.await.unwrap().person;
        let new = NewPerson {
            name: name("Carl"),
            email: email("carl"),
            password: PASSWORD.into(),
            from: Origin::default(),
        };
        let joined = registry.sign_up_with_agent(new, Some(approved.agent.number.as_str()), None);
        let joined = joined.await.unwrap();
        let new = NewCustomer {
            name: name("Mona"),
            email: Some(email("mona")),
            management: Management::PendingHandover,
        };
        let managed = registry.sign_up_customer(&act, approved.agent.id, new);
        let (managed, claim_url) = managed.await.unwrap();
        Self {
            test,
            terms,
            here,
            operator,
            agent,
            agent_id: approved.agent.id,
            customer: joined.session.person,
            customer_id: joined.customer.id,
            number: joined.customer.number,
            managed: managed.id,
            claim_url: claim_url.unwrap(),
            key,
            ahead,
        }
    }

    /// The program again on the same database, as after a restart or beside this one.
    pub async fn process(&self) -> Process {
        let db = self.test.open_again().await;
        Process::start(db, &self.terms, &self.key, &self.ahead)
    }

    /// The customer talks for a hundred dollars, which earns the agent three.
    pub async fn talk(&self, external_id: &str) {
        let charge = RatedCharge {
            external_id: name(external_id),
            account_number: self.number.clone(),
            kind: ChargeKind::Call,
            description: name("A long call"),
            amount: Money::from_units(1_000_000),
            commissionable: true,
            occurred_at: clock(&self.ahead).now(),
        };
        let command = RecordCharges {
            source: name("switch"),
            charges: vec![charge],
        };
        let rows = self.here.ledger.run(command).await.unwrap();
        assert!(rows.iter().all(|row| row.result.is_ok()), "{rows:?}");
    }

    /// Something happens on an account.
    pub async fn grant(&self, customer: CustomerId) {
        let command = GrantPromo {
            customer,
            amount: Money::CENT,
            reason: name("Welcome"),
        };
        self.here.ledger.run(command).await.unwrap();
    }

    /// Mona uses her claim link.
    pub async fn claim(&self) -> Person {
        let registry = &self.here.registry;
        let here_from = Origin::default();
        let claimed = registry.claim(
            token(&self.claim_url),
            email("mona"),
            PASSWORD.into(),
            &here_from,
        );
        claimed.await.unwrap().person
    }

    pub fn pass(&self, time: TimeDelta) {
        let micros = time.num_microseconds().unwrap();
        self.ahead.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Process {
    fn start(db: Db, terms: &Arc<Terms>, key: &[u8], ahead: &Arc<AtomicI64>) -> Self {
        let mut parts = Parts::new(db, clock(ahead), key.to_vec());
        parts.terms = Terms::clone(terms);
        let app = App::new(parts).unwrap();
        let api = app.api();
        Self {
            live: api.services().live.clone(),
            api,
            db: app.db,
            auth: app.auth,
            registry: app.registry,
            ledger: app.ledger,
        }
    }

    /// What somebody is told who follows a subscription.
    pub fn follow(&self, who: &Person, document: &str, variables: Value) -> Told {
        self.follow_as(Actor::Person(who.clone()), document, variables)
    }

    pub fn follow_as(&self, who: Actor, document: &str, variables: Value) -> Told {
        let request = judged(document, variables).expect("a good document");
        Told(self.api.execute_stream(request, who, "test".into()).boxed())
    }
}

/// What a subscription tells.
pub struct Told(BoxStream<'static, Response>);

impl Told {
    /// What the root field tells next.
    pub async fn next(&mut self) -> Value {
        let answer = soon(self.0.next()).await.expect("the stream goes on");
        assert!(answer.errors.is_empty(), "{:?}", answer.errors);
        let data = answer.data.into_json().unwrap();
        let fields = data.as_object().unwrap();
        fields.values().next().unwrap().clone()
    }

    /// The code of the only error, after which nothing comes.
    pub async fn end(&mut self) -> String {
        let answer = soon(self.0.next()).await.expect("an error");
        assert!(soon(self.0.next()).await.is_none());
        assert_eq!(answer.errors.len(), 1, "{answer:?}");
        let extensions = serde_json::to_value(&answer.errors[0].extensions).unwrap();
        extensions["code"].as_str().unwrap().to_owned()
    }
}

fn clock(ahead: &Arc<AtomicI64>) -> Clock {
    let (machine, ahead) = (Clock::system(), Arc::clone(ahead));
    Clock::from_fn(move || machine.now() + TimeDelta::microseconds(ahead.load(Ordering::SeqCst)))
}

/// What comes, which it must.
pub async fn soon<T>(coming: impl Future<Output = T>) -> T {
    let coming = tokio::time::timeout(PATIENCE, coming);
    coming.await.expect("it comes")
}

/// The error of what must not be.
pub fn denied<T>(result: Result<T, Error>) -> Error {
    match result {
        Ok(_) => panic!("nothing was wrong"),
        Err(error) => error,
    }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn email(who: &str) -> Email {
    Email::parse(&format!("{who}@example.com")).unwrap()
}

fn token(claim_url: &str) -> &str {
    claim_url.split_once("token=").unwrap().1
}

fn application() -> NewApplication {
    NewApplication {
        kind: agent::AgentKind::Individual,
        name: name("Ada"),
        email: email("ada"),
        business: Prose::parse("A shop for telephones.").unwrap(),
        plan: Prose::parse("At the counter.").unwrap(),
        promotion: vec![application::PromotionChannel::WordOfMouth],
        promotion_detail: None,
        involvement: vec![application::Involvement::Setup],
        markets: vec![application::MarketScope::Local],
        places: None,
        projection: [1, 2, 3, 4],
        notes: None,
    }
}
