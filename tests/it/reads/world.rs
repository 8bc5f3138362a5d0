//! Two agents and their customers, a house customer, an operator and a switch.

use crate::support::caller::judged;
use agent_program::Clock;
use agent_program::app::{App, Parts};
use agent_program::auth::{Actor, Machine, Person, new_key};
use agent_program::graphql::Api;
use agent_program::ledger::Ledger;
use agent_program::program::{
    BeginTopUp, Destination, Party, PurchaseProduct, RatedCharge, RecordCharges, RequestPayout,
    SettleTopUp, TransferFunds,
};
use agent_program::registry::Site;
use agent_program::store::bulk;
use chrono::{DateTime, TimeDelta, Utc};
use entity::affiliation::AffiliationMethod;
use entity::agent::{AgentKind, AgentStatus};
use entity::api_key::MachineRole;
use entity::charge::ChargeKind;
use entity::customer::{CustomerStatus, Management};
use entity::product::ProductKind;
use entity::top_up::TopUpMethod;
use entity::*;
use sea_orm::{DatabaseTransaction, EntityTrait};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::support::db::TestDb;

pub const ADA: u128 = 1;
pub const BEN: u128 = 2;
/// Ada's, by her link.
pub const CARL: u128 = 11;
/// Ada's, under her control.
pub const DORA: u128 = 12;
/// Ben's.
pub const EMIL: u128 = 13;
/// Nobody's.
pub const FAY: u128 = 14;
/// Was Ada's, is Ben's.
pub const GUS: u128 = 15;
const OPERATOR: u128 = 99;

pub fn id<T: TypedId>(number: u128) -> T {
    T::from_uuid(Uuid::from_u128(
        0x0192_0000_0000_7000_8000_0000_0000_0000 + number,
    ))
}

fn money(text: &str) -> Money {
    Money::parse(text).expect(text)
}

fn name(text: &str) -> Name {
    Name::parse(text).expect(text)
}

pub struct World {
    pub api: Api,
    pub ledger: Ledger,
    pub payout: PayoutId,
    now: DateTime<Utc>,
    _test: TestDb,
}

async fn add<E>(txn: &DatabaseTransaction, row: E::Model)
where
    E: EntityTrait,
    E::Model: Serialize,
{
    let table = E::default().table_name();
    let added = bulk::insert_all::<E>(txn, &[row]).await;
    added.unwrap_or_else(|error| panic!("{table}: {error}"));
}

async fn person(txn: &DatabaseTransaction, number: u128, who: &str, at: DateTime<Utc>) {
    let email = Email::parse(&format!("{who}@example.com")).expect(who);
    add::<login::Entity>(
        txn,
        login::Model {
            id: id(number),
            email_key: email.key(),
            email_person: email.person(),
            email,
            name: name(who),
            password_hash: None,
            operator: number == OPERATOR,
            created_at: at,
        },
    )
    .await;
}

/// When a customer joined, in a world that began then.
fn joined_at(number: u128, beginning: DateTime<Utc>) -> DateTime<Utc> {
    beginning + TimeDelta::seconds(i64::try_from(number).expect("small"))
}

async fn account(
    txn: &DatabaseTransaction,
    number: u128,
    who: &str,
    management: Management,
    at: DateTime<Utc>,
) {
    let own = management == Management::Own;
    if own {
        person(txn, number, who, at).await;
    }
    add::<customer::Entity>(
        txn,
        customer::Model {
            id: id(number),
            number: AccountNumber::nth(u64::try_from(number).expect("small")),
            login_id: own.then(|| id(number)),
            name: name(who),
            email: own.then(|| Email::parse(&format!("{who}@example.com")).expect(who)),
            status: CustomerStatus::Active,
            management,
            joined_at: joined_at(number, at),
        },
    )
    .await;
    add::<customer_balance::Entity>(
        txn,
        customer_balance::Model {
            customer_id: id(number),
            cash: Money::ZERO,
            cash_version: 0,
            promo: Money::ZERO,
            promo_version: 0,
            event_seq: 0,
        },
    )
    .await;
}

async fn agent(txn: &DatabaseTransaction, number: u128, who: &str, at: DateTime<Utc>) {
    account(txn, number, who, Management::Own, at).await;
    add::<agent::Entity>(
        txn,
        agent::Model {
            id: id(number),
            number: AgentNumber::nth(u64::try_from(number).expect("small")),
            login_id: id(number),
            customer_id: id(number),
            application_id: None,
            display_name: name(who),
            kind: AgentKind::Individual,
            status: AgentStatus::Active,
            joined_at: at,
        },
    )
    .await;
    add::<agent_balance::Entity>(
        txn,
        agent_balance::Model {
            agent_id: id(number),
            commission: Money::ZERO,
            commission_version: 0,
            held: Money::ZERO,
            held_version: 0,
            reserved: Money::ZERO,
            reserved_version: 0,
            carry: Exact::ZERO,
            event_seq: 0,
        },
    )
    .await;
    for (percent, from) in [("3", at), ("5", at + TimeDelta::days(3_650))] {
        let percent = Percent::parse(percent).expect(percent);
        add::<commission_rate::Entity>(
            txn,
            commission_rate::Model {
                agent_id: id(number),
                effective_from: from,
                commission_rate: CommissionRate::try_new(percent).expect("in range"),
                reason: Prose::parse("agreed").expect("a text"),
                set_by: Some(id(OPERATOR)),
                created_at: at,
            },
        )
        .await;
    }
}

async fn affiliate(
    txn: &DatabaseTransaction,
    (customer, agent): (u128, u128),
    beginning: DateTime<Utc>,
    (since, until): (DateTime<Utc>, Option<DateTime<Utc>>),
) {
    add::<affiliation::Entity>(
        txn,
        affiliation::Model {
            id: AffiliationId::from_uuid(Uuid::now_v7()),
            customer_id: id(customer),
            agent_id: id(agent),
            method: AffiliationMethod::Link,
            typed_number: None,
            link_number: Some(AgentNumber::nth(u64::try_from(agent).expect("small"))),
            since,
            until,
            customer_joined_at: joined_at(customer, beginning),
        },
    )
    .await;
}

impl World {
    pub async fn new(test: TestDb) -> Self {
        let clock = Clock::system();
        let now = clock.now();
        let long_ago = now - TimeDelta::days(100);
        let txn = test.db.begin_write().await.expect("a transaction");
        person(&txn, OPERATOR, "olga", long_ago).await;
        agent(&txn, ADA, "ada", long_ago).await;
        agent(&txn, BEN, "ben", long_ago).await;
        for (number, who, management) in [
            (CARL, "carl", Management::Own),
            (DORA, "dora", Management::AgentManaged),
            (EMIL, "emil", Management::Own),
            (FAY, "fay", Management::Own),
            (GUS, "gus", Management::Own),
        ] {
            account(&txn, number, who, management, long_ago).await;
        }
        let moved = now - TimeDelta::days(10);
        affiliate(&txn, (CARL, ADA), long_ago, (long_ago, None)).await;
        affiliate(&txn, (DORA, ADA), long_ago, (long_ago, None)).await;
        affiliate(&txn, (EMIL, BEN), long_ago, (long_ago, None)).await;
        affiliate(&txn, (GUS, ADA), long_ago, (long_ago, Some(moved))).await;
        affiliate(&txn, (GUS, BEN), long_ago, (moved, None)).await;
        for (number, code, kind, available) in [
            (1, "line", ProductKind::Plan, true),
            (2, "number", ProductKind::Service, true),
            (3, "fax", ProductKind::Service, false),
        ] {
            add::<product::Entity>(
                &txn,
                product::Model {
                    id: id(number),
                    code: name(code),
                    name: name(code),
                    kind,
                    price: money("10"),
                    commissionable: true,
                    available,
                    created_at: long_ago,
                    updated_at: long_ago,
                },
            )
            .await;
        }
        for (number, prefix, place) in [(1, "1", "United States"), (2, "1212", "New York")] {
            add::<call_rate::Entity>(
                &txn,
                call_rate::Model {
                    id: id(number),
                    prefix: prefix.into(),
                    effective_from: long_ago,
                    destination: name(place),
                    price_per_minute: money("0.0600"),
                    connection_fee: Money::ZERO,
                    initial_increment: 60,
                    increment: 60,
                },
            )
            .await;
        }
        txn.commit().await.expect("a commit");
        let mut parts = Parts::new(test.db.clone(), clock, new_key().expect("a key"));
        parts.site = Site {
            signup_url: "https://example.com/join".into(),
            claim_url: "https://example.com/claim".into(),
        };
        let app = App::new(parts).expect("the floors");
        let mut world = Self {
            api: app.api(),
            ledger: app.ledger,
            payout: id(0),
            now,
            _test: test,
        };
        world.spend().await;
        world
    }

    /// Everybody pays in; charges earn Ada and Ben; Ada gives to Carl and asks for a payout.
    async fn spend(&mut self) {
        for number in [ADA, BEN, CARL, DORA, EMIL, FAY, GUS] {
            self.pay_in(number, "100").await;
        }
        self.charge(CARL, "carl-1", "10.00", 20).await;
        self.charge(CARL, "carl-2", "20.00", 1).await;
        self.charge(DORA, "dora-1", "1.00", 2).await;
        self.charge(EMIL, "emil-1", "2.00", 2).await;
        self.charge(FAY, "fay-1", "3.00", 2).await;
        self.charge(GUS, "gus-old", "4.00", 20).await;
        self.charge(GUS, "gus-new", "5.00", 1).await;
        let purchase = PurchaseProduct {
            by: Party::Customer(id(CARL)),
            customer: id(CARL),
            product_code: name("line"),
        };
        self.ledger.run(purchase).await.expect("a plan");
        let transfer = TransferFunds {
            agent: id(ADA),
            customer: id(CARL),
            amount: money("7.5"),
            memo: Some(name("thanks")),
        };
        self.ledger.run(transfer).await.expect("a transfer");
        let request = RequestPayout {
            agent: id(ADA),
            amount: money("25"),
            destination: Destination::Paypal {
                email: Email::parse("ada.pays@example.com").expect("an address"),
            },
        };
        let asked = self.ledger.run(request).await.expect("a payout");
        self.payout = asked.payout.id;
    }

    pub async fn pay_in(&self, number: u128, amount: &str) {
        let begin = BeginTopUp {
            by: Party::Operator(id(OPERATOR)),
            customer: id(number),
            amount: money(amount),
            method: TopUpMethod::Wire,
            payment_token: None,
        };
        let top_up = self.ledger.run(begin).await.expect("a top-up");
        let settle = SettleTopUp {
            top_up: top_up.id,
            reference: name("bank-1"),
        };
        self.ledger.run(settle).await.expect("a settled top-up");
    }

    pub async fn charge(&self, number: u128, external_id: &str, amount: &str, days_ago: i64) {
        let charge = RatedCharge {
            external_id: name(external_id),
            account_number: AccountNumber::nth(u64::try_from(number).expect("small")),
            kind: ChargeKind::Call,
            description: name("A call"),
            amount: money(amount),
            commissionable: true,
            occurred_at: self.now - TimeDelta::days(days_ago),
        };
        let record = RecordCharges {
            source: name("switch"),
            charges: vec![charge],
        };
        for outcome in self.ledger.run(record).await.expect("a charge") {
            outcome.result.expect("a posted charge");
        }
    }

    fn person(&self, number: u128) -> Actor {
        let far = self.now + TimeDelta::days(1);
        let operator = number == OPERATOR;
        Actor::Person(Person {
            login: id(number),
            session: id(number),
            session_expires_at: far,
            access_expires_at: far,
            operator,
            agent: [ADA, BEN].contains(&number).then(|| id(number)),
            customer: (!operator).then(|| id(number)),
        })
    }

    async fn answer(&self, actor: Actor, query: &str) -> Value {
        let request = match judged(query, Value::Null) {
            Ok(request) => request,
            Err(errors) => return serde_json::json!({ "data": null, "errors": errors }),
        };
        let response = self.api.execute(request, actor, "request-1").await;
        serde_json::to_value(response).expect("an answer as JSON")
    }

    /// The data of an answer without errors.
    pub async fn ask(&self, number: u128, query: &str) -> Value {
        let mut answer = self.try_ask(number, query).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer:#}");
        answer["data"].take()
    }

    pub async fn try_ask(&self, number: u128, query: &str) -> Value {
        self.answer(self.person(number), query).await
    }

    pub async fn ask_operator(&self, query: &str) -> Value {
        self.ask(OPERATOR, query).await
    }

    pub async fn ask_as_stranger(&self, query: &str) -> Value {
        self.answer(Actor::Anonymous, query).await
    }

    pub async fn ask_as_switch(&self, query: &str) -> Value {
        let machine = Machine {
            key: id(1),
            role: MachineRole::Switch,
        };
        self.answer(Actor::Machine(machine), query).await
    }
}
