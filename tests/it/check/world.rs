//! A small book with something of everything, written by the ledger's own writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use agent_program::Clock;
use agent_program::ledger::check::{Check, check};
use agent_program::ledger::{Ledger, LedgerOptions};
use agent_program::program::{
    ApprovePayout, BeginTopUp, Call, CancelPayout, Command, Destination, GrantPromo, Party,
    PurchaseProduct, RatedCharge, RecordCalls, RecordCharges, RequestPayout, ReturnPayout,
    SendPayout, SettlePayout, SettleTopUp, Terms, TransferFunds,
};
use agent_program::store::{Db, bulk};
use chrono::{DateTime, TimeDelta, Utc};
use entity::affiliation::AffiliationMethod;
use entity::agent::{AgentKind, AgentStatus};
use entity::charge::ChargeKind;
use entity::customer::{CustomerStatus, Management};
use entity::product::ProductKind;
use entity::top_up::TopUpMethod;
use entity::*;
use uuid::Uuid;

/// When the world began.
pub fn beginning() -> DateTime<Utc> {
    "2026-01-05T12:00:00Z".parse().unwrap()
}

/// The world, with its ledger and its people. Agents and customers are numbered.
pub struct World {
    pub db: Db,
    pub terms: Arc<Terms>,
    pub clock: Clock,
    pub ledger: Ledger,
}

pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub fn money(text: &str) -> Money {
    Money::parse(text).unwrap()
}

pub fn agent_id(nth: u128) -> AgentId {
    AgentId::from_uuid(Uuid::from_u128(0xA000 + nth))
}

pub fn customer_id(nth: u128) -> CustomerId {
    CustomerId::from_uuid(Uuid::from_u128(0xC000 + nth))
}

pub fn account_number(nth: u128) -> AccountNumber {
    AccountNumber::nth(u64::try_from(nth).unwrap())
}

pub fn operator(nth: u128) -> LoginId {
    LoginId::from_uuid(Uuid::from_u128(0xB000 + nth))
}

/// An agent's own telephone account has the agent's number and 100 more.
fn own_account(agent: u128) -> u128 {
    100 + agent
}

impl World {
    /// With its people, its price list and no transaction. Agents 1 and 2, of whom 2 is the agent of 1's own account;
    /// customer 1 is of agent 1, customer 2 of 2 and before that of 1, customers 3 and 4 are of nobody.
    pub async fn empty(db: Db) -> Self {
        // Every look at the clock is a second later, so that no two things happen at once.
        let seconds = AtomicI64::new(10);
        let now = move || beginning() + TimeDelta::seconds(seconds.fetch_add(1, Ordering::Relaxed));
        let terms = Arc::new(Terms::default());
        let clock = Clock::from_fn(now);
        let ledger = Ledger::start(
            db.clone(),
            Arc::clone(&terms),
            clock.clone(),
            LedgerOptions::default(),
        );
        let world = Self {
            db,
            terms,
            clock,
            ledger,
        };
        world.people().await;
        world
    }

    async fn people(&self) {
        let txn = self.db.begin_write().await.unwrap();
        let logins: Vec<_> = [(1, false), (2, false), (8, true), (9, true)]
            .map(login)
            .into();
        bulk::insert_all::<login::Entity>(&txn, &logins)
            .await
            .unwrap();
        let numbers = [1, 2, 3, 4, own_account(1), own_account(2)];
        bulk::insert_all::<customer::Entity>(&txn, &numbers.map(customer))
            .await
            .unwrap();
        let balances = numbers.map(|nth| customer_balance::Model {
            customer_id: customer_id(nth),
            cash: Money::ZERO,
            cash_version: 0,
            promo: Money::ZERO,
            promo_version: 0,
            event_seq: 0,
        });
        bulk::insert_all::<customer_balance::Entity>(&txn, &balances)
            .await
            .unwrap();
        bulk::insert_all::<agent::Entity>(&txn, &[1, 2].map(agent))
            .await
            .unwrap();
        let balances = [1, 2].map(|nth| agent_balance::Model {
            agent_id: agent_id(nth),
            commission: Money::ZERO,
            commission_version: 0,
            held: Money::ZERO,
            held_version: 0,
            reserved: Money::ZERO,
            reserved_version: 0,
            carry: Exact::ZERO,
            event_seq: 0,
        });
        bulk::insert_all::<agent_balance::Entity>(&txn, &balances)
            .await
            .unwrap();
        let rates = [(1, 0, "3"), (1, 3_600, "5"), (2, 0, "7.77")].map(rate);
        bulk::insert_all::<commission_rate::Entity>(&txn, &rates)
            .await
            .unwrap();
        let affiliations = [
            (1, 1, 0, None),
            (2, 1, 0, Some(5)),
            (2, 2, 5, None),
            (own_account(1), 2, 0, None),
        ];
        let affiliations = affiliations.map(affiliation);
        bulk::insert_all::<affiliation::Entity>(&txn, &affiliations)
            .await
            .unwrap();
        let products = [
            ("NUMBER", ProductKind::Service, "9.99"),
            ("LINE", ProductKind::Plan, "4.95"),
        ];
        bulk::insert_all::<product::Entity>(&txn, &products.map(product))
            .await
            .unwrap();
        let call_rate = call_rate::Model {
            id: CallRateId::from_uuid(Uuid::now_v7()),
            prefix: "44".into(),
            effective_from: beginning(),
            destination: name("United Kingdom"),
            price_per_minute: money("0.0198"),
            connection_fee: Money::ZERO,
            initial_increment: 1,
            increment: 1,
        };
        bulk::insert_all::<call_rate::Entity>(&txn, &[call_rate])
            .await
            .unwrap();
        txn.commit().await.unwrap();
    }

    /// The same after some business.
    pub async fn busy(db: Db) -> Self {
        let world = Self::empty(db).await;
        for (nth, amount) in [
            (1, "50"),
            (2, "60"),
            (own_account(1), "400"),
            (own_account(2), "90"),
        ] {
            world.pay_in(nth, amount).await;
        }
        world
            .run(GrantPromo {
                customer: customer_id(1),
                amount: money("1.5"),
                reason: name("Welcome"),
            })
            .await;
        for (nth, code) in [
            (1, "NUMBER"),
            (2, "NUMBER"),
            (1, "LINE"),
            (own_account(1), "NUMBER"),
        ] {
            let by = Party::Customer(customer_id(nth));
            let bought = PurchaseProduct {
                by,
                customer: customer_id(nth),
                product_code: name(code),
            };
            world.run(bought).await;
        }
        world.calls(60).await;
        world.rated().await;
        for (agent, customer, amount) in [(1, 1, "12.3456"), (2, 2, "1")] {
            let (agent, customer) = (agent_id(agent), customer_id(customer));
            world
                .run(TransferFunds {
                    agent,
                    customer,
                    amount: money(amount),
                    memo: None,
                })
                .await;
        }
        world.payouts().await;
        world
    }

    pub async fn run<C: Command>(&self, command: C) -> C::Outcome {
        // Under a key, as a request is.
        let key = IdempotencyKey::parse(&Uuid::now_v7().to_string()).unwrap();
        let actor = operator(9).uuid();
        let answer = self.ledger.submit(actor, key, command).await.unwrap();
        answer.outcome.unwrap()
    }

    pub async fn pay_in(&self, nth: u128, amount: &str) -> TopUpId {
        let begun = BeginTopUp {
            by: Party::Operator(operator(9)),
            customer: customer_id(nth),
            amount: money(amount),
            method: TopUpMethod::Wire,
            payment_token: None,
        };
        let top_up = self.run(begun).await.id;
        self.run(SettleTopUp {
            top_up,
            reference: name("SWIFT 1"),
        })
        .await
        .id
    }

    /// Calls of customers 1, 2 and 3, of whom the last has no money; some free, some before the next rate.
    pub async fn calls(&self, count: u32) {
        let now = self.clock.now();
        let calls = (0..count).map(|nth| Call {
            external_id: name(&format!("{}-{nth}", now.timestamp())),
            account_number: account_number(u128::from(nth % 3) + 1),
            to: PhoneNumber::parse("+442071234567").unwrap(),
            answered_at: now - TimeDelta::milliseconds(i64::from(nth)),
            duration_seconds: i32::try_from(nth % 7 * 61).unwrap(),
        });
        let calls = calls.collect();
        for row in self
            .run(RecordCalls {
                source: name("switch"),
                calls,
            })
            .await
        {
            row.result.unwrap();
        }
    }

    /// Charges rated elsewhere: one that earns, one that earns nothing, and a free one.
    async fn rated(&self) {
        let charges = [
            ("tax", "0.33", false),
            ("extra", "2.5", true),
            ("gift", "0", true),
        ]
        .map(|(id, amount, commissionable)| RatedCharge {
            external_id: name(id),
            account_number: account_number(1),
            kind: ChargeKind::Service,
            description: name(id),
            amount: money(amount),
            commissionable,
            occurred_at: self.clock.now(),
        });
        let charges = charges.into();
        for row in self
            .run(RecordCharges {
                source: name("billing"),
                charges,
            })
            .await
        {
            row.result.unwrap();
        }
    }

    /// One payout in every state but REJECTED.
    async fn payouts(&self) {
        let wire = || Destination::Wire {
            payee: name("Ada"),
            bank_name: name("A bank"),
            account_number: name("1"),
            routing_code: name("2"),
        };
        for step in 0..6 {
            let agent = agent_id(1);
            let asked = RequestPayout {
                agent,
                amount: money("50"),
                destination: wire(),
            };
            let payout = self.run(asked).await.payout.id;
            if step == 1 {
                self.run(CancelPayout { agent, payout }).await;
            }
            if step >= 2 {
                self.run(ApprovePayout {
                    operator: operator(8),
                    payout,
                })
                .await;
            }
            if step >= 3 {
                let reference = Some(name("SWIFT 2"));
                self.run(SendPayout {
                    operator: operator(9),
                    payout,
                    reference,
                })
                .await;
            }
            if step == 4 {
                self.run(SettlePayout {
                    payout,
                    reference: None,
                })
                .await;
            }
            if step == 5 {
                let reason = Prose::parse("No such account").unwrap();
                self.run(ReturnPayout {
                    payout,
                    reason,
                    return_fee: false,
                })
                .await;
            }
        }
    }

    pub async fn check(&self) -> Check {
        check(&self.db, &self.terms, self.clock.now(), |_| {})
            .await
            .unwrap()
    }
}

fn login((nth, operator_too): (u128, bool)) -> login::Model {
    let email = Email::parse(&format!("person{nth}@example.com")).unwrap();
    login::Model {
        id: operator(nth),
        email_key: email.key(),
        email_person: email.person(),
        email,
        name: name("Somebody"),
        password_hash: None,
        operator: operator_too,
        created_at: beginning(),
    }
}

fn customer(nth: u128) -> customer::Model {
    customer::Model {
        id: customer_id(nth),
        number: account_number(nth),
        login_id: None,
        name: name(&format!("Customer {nth}")),
        email: None,
        status: CustomerStatus::Active,
        management: Management::Own,
        joined_at: beginning(),
    }
}

fn agent(nth: u128) -> agent::Model {
    agent::Model {
        id: agent_id(nth),
        number: AgentNumber::nth(u64::try_from(nth).unwrap()),
        login_id: operator(nth),
        customer_id: customer_id(own_account(nth)),
        application_id: None,
        display_name: name(&format!("Agent {nth}")),
        kind: AgentKind::Individual,
        status: AgentStatus::Active,
        joined_at: beginning(),
    }
}

fn rate((agent, seconds, percent): (u128, i64, &str)) -> commission_rate::Model {
    commission_rate::Model {
        agent_id: agent_id(agent),
        effective_from: beginning() + TimeDelta::seconds(seconds),
        commission_rate: CommissionRate::try_new(Percent::parse(percent).unwrap()).unwrap(),
        reason: Prose::parse("As agreed").unwrap(),
        set_by: Some(operator(8)),
        created_at: beginning(),
    }
}

fn affiliation(
    (customer, agent, since, until): (u128, u128, i64, Option<i64>),
) -> affiliation::Model {
    let at = |seconds| beginning() + TimeDelta::seconds(seconds);
    affiliation::Model {
        id: AffiliationId::from_uuid(Uuid::now_v7()),
        customer_id: customer_id(customer),
        agent_id: agent_id(agent),
        method: AffiliationMethod::AgentNumber,
        typed_number: None,
        link_number: None,
        since: at(since),
        until: until.map(at),
        customer_joined_at: beginning(),
    }
}

fn product((code, kind, price): (&str, ProductKind, &str)) -> product::Model {
    product::Model {
        id: ProductId::from_uuid(Uuid::now_v7()),
        code: name(code),
        name: name(code),
        kind,
        price: money(price),
        commissionable: true,
        available: true,
        created_at: beginning(),
        updated_at: beginning(),
    }
}
