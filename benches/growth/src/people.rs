//! Who is there before the history begins: an operator, agents, and customers, most of them an agent's.

use std::sync::Arc;

use agent_program::program::{AgentFile, CallRates, CustomerFile};
use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use chrono::{DateTime, TimeDelta, Utc};
use entity::affiliation::{self, AffiliationMethod};
use entity::agent::{self, AgentKind, AgentStatus};
use entity::agent_event::AgentEventKind;
use entity::customer::{self, CustomerStatus, Management};
use entity::{
    AccountNumber, AgentNumber, CommissionRate, Email, Exact, LoginId, Money, Name, Percent,
    PhoneNumber, Prose, TypedId, agent_balance, call_rate, commission_rate, customer_balance,
    login,
};

use super::world::{Agent, Customer, World};
use super::{Plan, days_before};

/// Everybody's password.
pub const PASSWORD: &str = "a quiet harbour";

const GIVEN: [&str; 16] = [
    "Ada", "Bela", "Carmen", "Dmitri", "Elif", "Farid", "Grace", "Hiro", "Ines", "Jonas", "Kofi",
    "Lucia", "Mei", "Nadia", "Omar", "Priya",
];
const FAMILY: [&str; 16] = [
    "Abebe", "Brandt", "Costa", "Diaz", "Eriksen", "Fofana", "Garcia", "Haddad", "Ivanov",
    "Jensen", "Khan", "Lopez", "Mbeki", "Nguyen", "Okafor", "Petrov",
];
/// Destination, prefix, price of a minute and connection fee in 1/10000, initial increment, increment.
const PRICES: [(&str, &str, i64, i64, i32, i32); 6] = [
    ("United States", "1", 190, 0, 6, 6),
    ("United Kingdom", "44", 210, 0, 60, 60),
    ("United Kingdom, mobile", "447", 690, 0, 30, 6),
    ("Germany", "49", 240, 0, 60, 60),
    ("Mexico", "52", 330, 100, 60, 60),
    ("Ghana", "233", 2_790, 0, 60, 60),
];
const BEGINNINGS: [&str; 6] = [
    "+1212555", "+4420794", "+4477009", "+4930901", "+5255121", "+2333020",
];

/// The address of the agent with a rank; the first has the most customers.
#[must_use]
pub fn agent_email(rank: usize) -> String {
    format!("agent.{rank}@example.com")
}

/// A number that is called.
pub fn phone_number(destination: usize, line: u64) -> PhoneNumber {
    let text = format!("{}{line:04}", BEGINNINGS[destination % BEGINNINGS.len()]);
    PhoneNumber::parse(&text).expect("a number")
}

pub fn name(text: &str) -> Name {
    Name::parse(text).expect("a line")
}

/// Lets everybody come, in the two months before the charges.
pub fn come(world: &mut World, plan: &Plan) {
    let begin = days_before(plan.until, plan.days);
    let opened = days_before(begin, 61);
    let hash = Argon2::default().hash_password(PASSWORD.as_bytes());
    let hash = hash.expect("a password is hashed").to_string();
    world.call_rates = CallRates::new(price_list(world, opened));
    world.operator = add_login(
        world,
        "operator@example.com",
        "Olga Operator",
        &hash,
        opened,
    );
    let month = TimeDelta::days(30);
    for rank in 0..plan.agents {
        let joined = days_before(begin, 60) + share(month, rank, plan.agents);
        add_agent(world, rank, joined, &hash, begin, plan);
    }
    for nth in 0..plan.customers {
        // The last day is nobody's: everybody is there when the charges begin.
        let joined = days_before(begin, 29) + share(TimeDelta::days(28), nth, plan.customers);
        let email = format!("customer.{nth}@example.com");
        let called = called(world);
        let login = add_login(world, &email, &called, &hash, joined);
        // Every agent has twenty-five; the others go where most went, and one in twenty to nobody.
        let agent = if nth < plan.agents * 25 {
            Some(nth % plan.agents)
        } else if world.dice.once_in(20) {
            None
        } else {
            Some(world.shares.draw(&mut world.dice))
        };
        add_customer(world, login, (&called, &email), agent, joined);
    }
    let files = world.customers.iter();
    let files: Vec<customer::Model> = files.map(|row| row.file.customer.clone()).collect();
    world.newcomers.customers = files;
    let files = world.agents.iter();
    world.newcomers.agents = files.map(|row| row.file.agent.clone()).collect();
}

/// The n-th of so many parts of a time.
fn share(time: TimeDelta, nth: usize, of: usize) -> TimeDelta {
    let nth = i32::try_from(nth).unwrap_or(i32::MAX);
    let of = i32::try_from(of.max(1)).unwrap_or(i32::MAX);
    time / of * nth
}

fn price_list(world: &mut World, at: DateTime<Utc>) -> Vec<call_rate::Model> {
    let rows = PRICES.iter().map(|price| call_rate::Model {
        id: world.id(at),
        prefix: price.1.into(),
        effective_from: at,
        destination: name(price.0),
        price_per_minute: Money::from_units(price.2),
        connection_fee: Money::from_units(price.3),
        initial_increment: price.4,
        increment: price.5,
    });
    let rows: Vec<_> = rows.collect();
    world.newcomers.call_rates.clone_from(&rows);
    rows
}

fn called(world: &mut World) -> String {
    let given = GIVEN[world.dice.place(GIVEN.len())];
    format!("{given} {}", FAMILY[world.dice.place(FAMILY.len())])
}

fn add_login(
    world: &mut World,
    email: &str,
    called: &str,
    hash: &str,
    at: DateTime<Utc>,
) -> LoginId {
    let id = world.id(at);
    let email = Email::parse(email).expect("an address");
    world.newcomers.logins.push(login::Model {
        id,
        email_key: email.key(),
        email_person: email.person(),
        email,
        name: name(called),
        password_hash: Some(hash.to_owned()),
        operator: world.newcomers.logins.is_empty(),
        created_at: at,
    });
    id
}

fn add_agent(
    world: &mut World,
    rank: usize,
    at: DateTime<Utc>,
    hash: &str,
    begin: DateTime<Utc>,
    plan: &Plan,
) {
    let (email, called) = (agent_email(rank), called(world));
    let login_id = add_login(world, &email, &called, hash, at);
    let own = add_customer(world, login_id, (&called, &email), None, at);
    let agent = agent::Model {
        id: world.id(at),
        number: AgentNumber::nth(u64::try_from(rank).unwrap_or_default()),
        login_id,
        customer_id: world.customer_id(own),
        application_id: None,
        display_name: name(&called),
        kind: AgentKind::Individual,
        status: AgentStatus::Active,
        joined_at: at,
    };
    let file = Arc::make_mut(&mut world.customers[own].file);
    file.own_of = Some(agent.id);
    let place = world.agents.len();
    world.settle_in(agent.id.uuid(), place);
    let balance = agent_balance::Model {
        agent_id: agent.id,
        commission: Money::ZERO,
        commission_version: 0,
        held: Money::ZERO,
        held_version: 0,
        reserved: Money::ZERO,
        reserved_version: 0,
        carry: Exact::ZERO,
        event_seq: 0,
    };
    // Most have one rate; a third has another one from somewhere in the history on.
    let mut rates = vec![rate(world, &agent, at, at)];
    if world.dice.once_in(3) {
        let day = world.dice.between(0, plan.days.max(1) - 1);
        rates.push(rate(world, &agent, begin + TimeDelta::days(day), at));
    }
    let told = (AgentEventKind::CommissionRate, agent.id.uuid());
    world.agents.push(Agent {
        file: Arc::new(AgentFile {
            agent,
            rates: rates.clone(),
            standings: Vec::new(),
        }),
        balance,
        own,
        customers: Vec::new(),
    });
    for row in rates {
        let event = world.tell(place, told, Some(row.commission_rate), at);
        world.newcomers.agent_events.push(event);
        world.newcomers.commission_rates.push(row);
    }
}

fn rate(
    world: &mut World,
    agent: &agent::Model,
    from: DateTime<Utc>,
    at: DateTime<Utc>,
) -> commission_rate::Model {
    let percent = Percent::from_basis_points(world.dice.between(20, 60) * 10);
    commission_rate::Model {
        agent_id: agent.id,
        effective_from: from,
        commission_rate: CommissionRate::try_new(percent).expect("1% to 10%"),
        reason: Prose::parse("As agreed").expect("a sentence"),
        set_by: Some(world.operator),
        created_at: at,
    }
}

fn add_customer(
    world: &mut World,
    login_id: LoginId,
    (called, email): (&str, &str),
    agent: Option<usize>,
    at: DateTime<Utc>,
) -> usize {
    let place = world.customers.len();
    let customer = customer::Model {
        id: world.id(at),
        number: AccountNumber::nth(u64::try_from(place).unwrap_or_default()),
        login_id: Some(login_id),
        name: name(called),
        email: Email::parse(email).ok(),
        status: CustomerStatus::Active,
        management: Management::Own,
        joined_at: at,
    };
    let id = customer.id;
    world.settle_in(id.uuid(), place);
    let affiliation = agent.map(|agent| affiliation::Model {
        id: world.id(at),
        customer_id: id,
        agent_id: world.agent_id(agent),
        method: AffiliationMethod::AgentNumber,
        typed_number: Some(world.agents[agent].file.agent.number.clone()),
        link_number: None,
        since: at,
        until: None,
        customer_joined_at: at,
    });
    world.customers.push(Customer {
        file: Arc::new(CustomerFile {
            customer,
            affiliations: affiliation.into_iter().collect(),
            own_of: None,
        }),
        balance: customer_balance::Model {
            customer_id: id,
            cash: Money::ZERO,
            cash_version: 0,
            promo: Money::ZERO,
            promo_version: 0,
            event_seq: 0,
        },
    });
    if let Some(agent) = agent {
        world.agents[agent].customers.push(place);
        let event = world.tell(agent, (AgentEventKind::Customer, id.uuid()), None, at);
        world.newcomers.agent_events.push(event);
    } else {
        world.house.push(place);
    }
    place
}
