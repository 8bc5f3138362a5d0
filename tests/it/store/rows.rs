//! A row or more of every table, with every kind of value: NULLs, negative numbers, letters of many scripts, instants
//! with and without a fraction of a second.

use agent_program::store::bulk;
use chrono::{DateTime, Utc};
use entity::affiliation::AffiliationMethod;
use entity::agent::{AgentKind, AgentStatus};
use entity::api_key::MachineRole;
use entity::application::{
    ApplicationState, Involvement, Involvements, MarketScope, Markets, Promotion, PromotionChannel,
};
use entity::customer::{CustomerStatus, Management};
use entity::plan::PlanState;
use entity::product::ProductKind;
use entity::*;
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};
use serde::Serialize;
use uuid::Uuid;

mod moved;

pub use moved::*;

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

/// Tables whose rows the migrations make.
const THERE: [&str; 2] = ["desk", "chain"];

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
        if !THERE.contains(&E::default().table_name()) {
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
        if !THERE.contains(&E::default().table_name()) {
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
            source: Some("2001:db8::/64".into()),
        }])
        .await;
    visit
        .rows::<refresh_token::Entity>(vec![refresh_token::Model {
            hash: "a".repeat(64),
            session_id: id(1),
            issued_at: at(WHOLE),
            used_at: Some(at(MILLIS)),
            salt: Some("salt_b".into()),
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
        customer_joined_at: at(WHOLE),
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
