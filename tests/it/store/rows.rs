//! A row or more of every table, with every kind of value: NULLs, negative numbers, letters of many scripts, instants
//! with and without a fraction of a second.

use agent_program::store::bulk;
use chrono::{DateTime, NaiveDate, Utc};
use entity::affiliation::AffiliationMethod;
use entity::agent::{AgentKind, AgentStatus};
use entity::agent_event::AgentEventKind;
use entity::api_key::MachineRole;
use entity::application::{
    ApplicationState, Involvement, Involvements, MarketScope, Markets, Promotion, PromotionChannel,
};
use entity::charge::{ChargeKind, ChargeState};
use entity::commission::CommissionKind;
use entity::customer::{CustomerStatus, Management};
use entity::desk_event::DeskSubject;
use entity::entry::Account;
use entity::payout::{PayoutMethod, PayoutState};
use entity::plan::PlanState;
use entity::product::ProductKind;
use entity::top_up::{TopUpMethod, TopUpState};
use entity::transaction::{Cause, TransactionKind};
use entity::*;
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};
use serde::Serialize;
use uuid::Uuid;

pub fn id<T: TypedId>(number: u128) -> T {
    T::from_uuid(Uuid::from_u128(
        0x0192_0000_0000_7000_8000_0000_0000_0000 + number,
    ))
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect(text)
}

pub fn money(text: &str) -> Money {
    Money::parse(text).expect(text)
}

pub fn name(text: &str) -> Name {
    Name::parse(text).expect(text)
}

pub fn prose(text: &str) -> Prose {
    Prose::parse(text).expect(text)
}

pub fn rate(text: &str) -> CommissionRate {
    CommissionRate::try_new(Percent::parse(text).expect(text)).expect(text)
}

fn email(text: &str) -> Email {
    Email::parse(text).expect(text)
}

const WHOLE: &str = "2026-11-01T00:00:00Z";
const MILLIS: &str = "2026-11-01T00:00:00.250Z";
const MICROS: &str = "2026-11-01T00:00:00.250001Z";

/// How rows are written, and seen again.
pub trait Visit {
    async fn rows<E>(&self, rows: Vec<E::Model>)
    where
        E: EntityTrait,
        E::Model: Serialize + Clone + PartialEq + std::fmt::Debug + IntoActiveModel<E::ActiveModel>,
        E::ActiveModel: Send;
}

/// Writes them by statements of this program.
pub struct InBulk<'a, C>(pub &'a C);

impl<C: ConnectionTrait> Visit for InBulk<'_, C> {
    async fn rows<E>(&self, rows: Vec<E::Model>)
    where
        E: EntityTrait,
        E::Model: Serialize + Clone + PartialEq + std::fmt::Debug + IntoActiveModel<E::ActiveModel>,
        E::ActiveModel: Send,
    {
        if E::default().table_name() != "desk" {
            bulk::insert_all::<E>(self.0, &rows)
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", E::default().table_name()));
        }
    }
}

/// Writes them by SeaORM's own.
pub struct BySeaOrm<'a, C>(pub &'a C);

impl<C: ConnectionTrait> Visit for BySeaOrm<'_, C> {
    async fn rows<E>(&self, rows: Vec<E::Model>)
    where
        E: EntityTrait,
        E::Model: Serialize + Clone + PartialEq + std::fmt::Debug + IntoActiveModel<E::ActiveModel>,
        E::ActiveModel: Send,
    {
        if E::default().table_name() != "desk" {
            for row in rows {
                let row = row.into_active_model();
                E::insert(row)
                    .exec_without_returning(self.0)
                    .await
                    .unwrap_or_else(|error| panic!("{}: {error}", E::default().table_name()));
            }
        }
    }
}

/// Every table, parents first: the order in which one transaction may insert into all of them.
pub async fn everything(visit: &impl Visit) {
    people(visit).await;
    applications(visit).await;
    agents_and_customers(visit).await;
    catalogue(visit).await;
    ledger(visit).await;
    charges_and_money_in(visit).await;
    transfers_and_payouts(visit).await;
    events(visit).await;
}

pub fn login(number: u128, address: &str) -> login::Model {
    let address = email(address);
    login::Model {
        id: id(number),
        email_key: address.key(),
        email_person: address.person(),
        email: address,
        name: name("Zoë Ναός 日本 \"quoted\" \\ 'q' $1 ? 😀"),
        password_hash: None,
        operator: false,
        created_at: at(MICROS),
    }
}

pub fn customer(number: u128) -> customer::Model {
    customer::Model {
        id: id(number),
        number: AccountNumber::nth(u64::try_from(number).unwrap()),
        login_id: None,
        name: name("Anna"),
        email: None,
        status: CustomerStatus::Pending,
        management: Management::AgentManaged,
        joined_at: at(WHOLE),
    }
}

async fn people(visit: &impl Visit) {
    let operator = login::Model {
        operator: true,
        password_hash: Some("$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA".into()),
        created_at: at(MILLIS),
        ..login(2, "op@example.com")
    };
    visit
        .rows::<login::Entity>(vec![login(1, "Agent+x@Example.com"), operator])
        .await;
    visit
        .rows::<session::Entity>(vec![session::Model {
            id: id(1),
            login_id: id(1),
            created_at: at(WHOLE),
            expires_at: at(MICROS),
            ended_at: None,
        }])
        .await;
    visit
        .rows::<refresh_token::Entity>(vec![refresh_token::Model {
            hash: "a".repeat(64),
            session_id: id(1),
            issued_at: at(WHOLE),
            used_at: Some(at(MILLIS)),
        }])
        .await;
    visit
        .rows::<api_key::Entity>(vec![api_key::Model {
            id: id(1),
            name: name("switch 1"),
            role: MachineRole::Switch,
            hash: "b".repeat(64),
            created_by: id(2),
            created_at: at(WHOLE),
            last_used_at: None,
            revoked_at: None,
        }])
        .await;
}

async fn applications(visit: &impl Visit) {
    visit
        .rows::<application::Entity>(vec![application::Model {
            id: id(1),
            login_id: Some(id(1)),
            kind: AgentKind::Business,
            name: name("Agent"),
            email: email("agent@example.com"),
            email_key: "agent@example.com".into(),
            business: prose("line\nbreak\tand tab"),
            plan: prose("sell"),
            promotion: Promotion(vec![
                PromotionChannel::WordOfMouth,
                PromotionChannel::NewspaperOrMagazine,
            ]),
            promotion_detail: None,
            involvement: Involvements(vec![Involvement::Setup]),
            markets: Markets(vec![MarketScope::MultiCountry]),
            places: Some(prose("Köln")),
            projection_1: 0,
            projection_3: 3,
            projection_6: i32::MAX,
            projection_12: 12,
            notes: None,
            state: ApplicationState::InfoRequested,
            submitted_at: at(WHOLE),
            decided_at: None,
            decided_by: None,
            response: None,
        }])
        .await;
}

async fn agents_and_customers(visit: &impl Visit) {
    let own = customer::Model {
        login_id: Some(id(1)),
        email: Some(email("a@example.com")),
        status: CustomerStatus::Active,
        management: Management::Own,
        joined_at: at(MICROS),
        ..customer(1)
    };
    visit
        .rows::<customer::Entity>(vec![own, customer(2), customer(3)])
        .await;
    visit
        .rows::<claim::Entity>(vec![claim::Model {
            hash: "c".repeat(64),
            customer_id: id(2),
            issued_at: at(WHOLE),
            expires_at: at(MILLIS),
            spent_at: None,
        }])
        .await;
    visit
        .rows::<agent::Entity>(vec![agent::Model {
            id: id(1),
            number: AgentNumber::nth(1),
            login_id: id(1),
            customer_id: id(1),
            application_id: Some(id(1)),
            display_name: name("Agent"),
            kind: AgentKind::Individual,
            status: AgentStatus::Active,
            joined_at: at(WHOLE),
        }])
        .await;
    let affiliation = affiliation::Model {
        id: id(1),
        customer_id: id(2),
        agent_id: id(1),
        method: AffiliationMethod::AgentNumber,
        typed_number: Some(AgentNumber::nth(1)),
        link_number: None,
        since: at(WHOLE),
        until: Some(at(MICROS)),
    };
    let open = affiliation::Model {
        id: id(2),
        until: None,
        typed_number: None,
        ..affiliation.clone()
    };
    visit
        .rows::<affiliation::Entity>(vec![affiliation, open])
        .await;
    visit
        .rows::<commission_rate::Entity>(vec![commission_rate::Model {
            agent_id: id(1),
            effective_from: at(MICROS),
            commission_rate: rate("3"),
            reason: prose("first"),
            set_by: None,
            created_at: at(WHOLE),
        }])
        .await;
}

async fn catalogue(visit: &impl Visit) {
    visit
        .rows::<product::Entity>(vec![product::Model {
            id: id(1),
            code: name("line"),
            name: name("Line"),
            kind: ProductKind::Plan,
            price: money("19.99"),
            commissionable: true,
            available: false,
            created_at: at(WHOLE),
            updated_at: at(MICROS),
        }])
        .await;
    visit
        .rows::<call_rate::Entity>(vec![call_rate::Model {
            id: id(1),
            prefix: "4930".into(),
            effective_from: at(WHOLE),
            destination: name("Berlin"),
            price_per_minute: money("0.0198"),
            connection_fee: Money::ZERO,
            initial_increment: 60,
            increment: 1,
        }])
        .await;
    let plan = plan::Model {
        id: id(1),
        customer_id: id(2),
        product_id: id(1),
        state: PlanState::Active,
        started_at: at(WHOLE),
        period: 1,
        due_at: at(MILLIS),
        next_attempt_at: Some(at(MICROS)),
        cancelled_at: None,
    };
    let cancelled = plan::Model {
        id: id(2),
        state: PlanState::Cancelled,
        next_attempt_at: None,
        cancelled_at: Some(at(MICROS)),
        ..plan.clone()
    };
    visit.rows::<plan::Entity>(vec![plan, cancelled]).await;
}

pub fn customer_balance(number: u128) -> customer_balance::Model {
    customer_balance::Model {
        customer_id: id(number),
        cash: Money::ZERO,
        cash_version: 0,
        promo: Money::ZERO,
        promo_version: 0,
        event_seq: 0,
    }
}

pub fn agent_balance(number: u128) -> agent_balance::Model {
    agent_balance::Model {
        agent_id: id(number),
        commission: money("-12.3456"),
        commission_version: i64::MAX,
        held: Money::ZERO,
        held_version: 0,
        reserved: money("99999999999.9999"),
        reserved_version: 1,
        carry: Exact::from_units(9_999),
        event_seq: 7,
    }
}

async fn ledger(visit: &impl Visit) {
    visit
        .rows::<agent_balance::Entity>(vec![agent_balance(1)])
        .await;
    let below = customer_balance::Model {
        cash: Money::from_units(i64::MIN),
        cash_version: i64::MAX,
        ..customer_balance(2)
    };
    visit
        .rows::<customer_balance::Entity>(vec![customer_balance(1), below, customer_balance(3)])
        .await;
    let charge = transaction::Model {
        id: id(1),
        kind: TransactionKind::Charge,
        description: name("Berlin, 1 minute"),
        cause: Cause::Charge,
        cause_id: Uuid::from_u128(1),
        occurred_at: at(MICROS),
        created_at: at(MILLIS),
    };
    let reserved = transaction::Model {
        id: id(2),
        kind: TransactionKind::PayoutReserved,
        cause: Cause::Payout,
        ..charge.clone()
    };
    visit
        .rows::<transaction::Entity>(vec![charge, reserved])
        .await;
    let entry = entry::Model {
        transaction_id: id(1),
        line: 0,
        account: Account::CustomerCash,
        owner_id: Some(id::<CustomerId>(2).uuid()),
        version: Some(1),
        amount: money("-0.0198"),
        balance_after: Some(money("-0.0198")),
    };
    let house = entry::Model {
        line: 1,
        account: Account::RevenueCalls,
        owner_id: None,
        version: None,
        amount: money("0.0198"),
        balance_after: None,
        ..entry.clone()
    };
    visit.rows::<entry::Entity>(vec![entry, house]).await;
}

pub fn charge(number: u128) -> charge::Model {
    charge::Model {
        id: id(number),
        customer_id: id(2),
        agent_id: Some(id(1)),
        kind: ChargeKind::Call,
        state: ChargeState::Posted,
        description: name("Berlin"),
        product_id: None,
        plan_id: None,
        amount: money("0.0198"),
        promo_part: Money::ZERO,
        refunded: Money::ZERO,
        commissionable: true,
        occurred_at: at(MILLIS),
        created_at: at(MICROS),
        transaction_id: Some(id(1)),
        source: name("switch"),
        external_id: name(&format!("call {number}")),
        call_to: Some(PhoneNumber::parse("+493012345").unwrap()),
        call_destination: Some(name("Berlin")),
        call_seconds: Some(60),
        call_billed_seconds: Some(60),
        call_price_per_minute: Some(money("0.0198")),
    }
}

async fn charges_and_money_in(visit: &impl Visit) {
    let free = charge::Model {
        agent_id: None,
        kind: ChargeKind::PlanFee,
        plan_id: Some(id(1)),
        product_id: Some(id(1)),
        amount: Money::ZERO,
        transaction_id: None,
        commissionable: false,
        call_to: None,
        call_destination: None,
        call_seconds: None,
        call_billed_seconds: None,
        call_price_per_minute: None,
        ..charge(2)
    };
    visit.rows::<charge::Entity>(vec![charge(1), free]).await;
    let earned = commission::Model {
        id: id(1),
        agent_id: id(1),
        customer_id: Some(id(2)),
        charge_id: Some(id(1)),
        kind: CommissionKind::Earned,
        base: money("0.0198"),
        commission_rate: rate("3"),
        exact: Exact::from_units(59_400),
        amount: money("0.0005"),
        carry_before: Exact::ZERO,
        carry_after: Exact::from_units(9_400),
        held: false,
        reverses_id: None,
        transaction_id: id(1),
        occurred_at: at(MILLIS),
        created_at: at(MICROS),
        matures_at: at("2026-12-01T00:00:00.25Z"),
    };
    let taken_back = commission::Model {
        id: id(2),
        kind: CommissionKind::Clawback,
        exact: Exact::from_units(-59_400),
        amount: money("-0.0005"),
        carry_before: Exact::from_units(9_400),
        carry_after: Exact::ZERO,
        reverses_id: Some(id(1)),
        ..earned.clone()
    };
    visit
        .rows::<commission::Entity>(vec![earned, taken_back])
        .await;
    visit
        .rows::<top_up::Entity>(vec![top_up::Model {
            id: id(1),
            customer_id: id(1),
            method: TopUpMethod::CreditCard,
            amount: money("20"),
            state: TopUpState::Pending,
            payment_token: Some("tok_approve".into()),
            reference: None,
            product_id: None,
            created_at: at(WHOLE),
            settled_at: None,
            transaction_id: None,
        }])
        .await;
}

async fn transfers_and_payouts(visit: &impl Visit) {
    visit
        .rows::<transfer::Entity>(vec![transfer::Model {
            id: id(1),
            agent_id: id(1),
            customer_id: id(2),
            amount: money("3.0001"),
            from_funding: money("3"),
            from_commission: money("0.0001"),
            reversed: Money::ZERO,
            memo: None,
            transaction_id: id(1),
            created_at: at(WHOLE),
        }])
        .await;
    visit
        .rows::<payout::Entity>(vec![payout::Model {
            id: id(1),
            agent_id: id(1),
            method: PayoutMethod::Wire,
            gross: money("100"),
            fee: money("27"),
            net: money("73"),
            from_commission: money("60"),
            from_funding: money("40"),
            state: PayoutState::Requested,
            payee: Some(name("Agent")),
            address: None,
            paypal_email: None,
            bank_name: Some(name("Bank")),
            account_number: Some(name("1")),
            routing_code: Some(name("2")),
            reference: None,
            reason: None,
            requested_at: at(WHOLE),
            approved_by: None,
            decided_at: None,
            sent_at: None,
            settled_at: None,
        }])
        .await;
}

pub fn agent_slot(slot: &str) -> agent_slot::Model {
    agent_slot::Model {
        agent_id: id(1),
        slot: at(slot),
        kind: ChargeKind::Call,
        charges: 1,
        calls: 1,
        call_seconds: 60,
        spent: money("0.0198"),
        base: money("0.0198"),
        earned: money("0.0005"),
        clawed_back: money("-0.0005"),
    }
}

pub fn customer_day(day: u32, last_charge_at: Option<&str>) -> customer_day::Model {
    customer_day::Model {
        agent_id: id(1),
        customer_id: id(2),
        day: NaiveDate::from_ymd_opt(2026, 11, day).unwrap(),
        charges: 1,
        calls: 1,
        call_seconds: 60,
        spent: money("0.0198"),
        base: money("0.0198"),
        earned: money("0.0005"),
        clawed_back: Money::ZERO,
        last_charge_at: last_charge_at.map(at),
    }
}

async fn events(visit: &impl Visit) {
    let event = agent_event::Model {
        agent_id: id(1),
        seq: 1,
        kind: AgentEventKind::Payout,
        subject_id: Uuid::from_u128(9),
        transaction_id: Some(id(2)),
        commission_rate: None,
        payout_state: Some(PayoutState::Requested),
        occurred_at: at(MICROS),
        funding: money("-1"),
        commission: money("-12.3456"),
        held: Money::ZERO,
        reserved: money("100"),
        carry: Exact::ZERO,
    };
    let set = agent_event::Model {
        seq: 2,
        kind: AgentEventKind::CommissionRate,
        transaction_id: None,
        commission_rate: Some(rate("10")),
        payout_state: None,
        ..event.clone()
    };
    visit.rows::<agent_event::Entity>(vec![event, set]).await;
    visit
        .rows::<account_event::Entity>(vec![account_event::Model {
            customer_id: id(2),
            seq: 1,
            transaction_id: id(1),
            occurred_at: at(WHOLE),
            cash: money("-0.0198"),
            promo: Money::ZERO,
        }])
        .await;
    visit
        .rows::<desk::Entity>(vec![desk::Model {
            id: 1,
            event_seq: 0,
        }])
        .await;
    visit
        .rows::<desk_event::Entity>(vec![desk_event::Model {
            seq: 1,
            subject: DeskSubject::FraudCase,
            subject_id: Uuid::from_u128(3),
            occurred_at: at(MILLIS),
        }])
        .await;
    visit
        .rows::<agent_slot::Entity>(vec![agent_slot("2026-11-01T00:15:00Z")])
        .await;
    visit
        .rows::<customer_day::Entity>(vec![customer_day(1, Some(MILLIS)), customer_day(2, None)])
        .await;
    visit
        .rows::<idempotency::Entity>(vec![idempotency::Model {
            actor_id: Uuid::from_u128(4),
            key: IdempotencyKey::parse("key-1 \u{1f511}").unwrap(),
            fingerprint: "d".repeat(64),
            answer: r#"{"outcome":{"id":"x","n":[1,null]}}"#.into(),
            created_at: at(MICROS),
        }])
        .await;
}
