//! What happens day by day: people pay in, call and buy; agents earn, pass on, and ask for their money.

use std::collections::BTreeMap;

use agent_program::program::{
    BeginTopUp, Books, Call, Command, Destination, FinishTopUp, GatewaySaid, GrantPromo, Party,
    RatedCharge, RecordCalls, RecordCharges, Refusal, RequestPayout, RowOutcome, TransferFunds,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::charge::ChargeKind;
use entity::top_up::TopUpMethod;
use entity::{Email, Money, TypedId};

use super::later::{self, Thing};
use super::people::{name, phone_number};
use super::rows::Rows;
use super::world::World;
use super::{Fault, Plan, days_before};

/// How many charges share a commit, and so a link of the hash chain.
const TOGETHER: u64 = 100;
/// A top-up is a multiple of ten dollars.
const TEN: i64 = 100_000;
/// What a quarter of an hour costs at most.
const DEAREST_CALL: i64 = 45_000;
/// What else is bought, and for how much.
const SERVICES: [(&str, i64); 3] = [
    ("Voicemail for a week", 5_000),
    ("A second number for a month", 29_900),
    ("Calls without limit for a month", 99_000),
];
/// How many commits are handed on at once.
const HANDED_ON: u64 = 40;

/// Tells the whole history, and hands on its rows until nobody wants them.
///
/// # Errors
/// Where a rule refuses what should have been right.
pub fn tell(
    world: &mut World,
    plan: &Plan,
    mut hand_on: impl FnMut(Rows) -> bool,
) -> Result<(), Fault> {
    if !hand_on(std::mem::take(&mut world.newcomers)) {
        return Ok(());
    }
    let begin = days_before(plan.until, plan.days);
    let times = plan.charges.div_ceil(TOGETHER).max(1);
    moves(world, plan, begin);
    let (mut rows, mut day) = (Rows::default(), begin.date_naive());
    for nth in 0..times {
        let now = begin + part(TimeDelta::days(plan.days), nth + 1, times);
        later::happen(world, now, &mut rows)?;
        let count = TOGETHER.min(plan.charges - nth * TOGETHER);
        charges(world, now, (nth * TOGETHER, count), &mut rows)?;
        if world.dice.once_in(4) {
            payout(world, now, &mut rows)?;
        }
        if now.date_naive() > day {
            // Of what a charge dated yesterday may still change, nothing is written yet.
            world.close_days(day, &mut rows);
            day = now.date_naive();
        }
        if (nth + 1) % HANDED_ON == 0 && !hand_on(std::mem::take(&mut rows)) {
            return Ok(());
        }
    }
    world.end(&mut rows);
    hand_on(rows);
    Ok(())
}

/// What should not have been refused.
pub fn refused(what: &str, refusal: &Refusal) -> Fault {
    Fault::Story(format!("{what} was refused: {refusal:?}"))
}

fn part(time: TimeDelta, nth: u64, of: u64) -> TimeDelta {
    let micros = i128::from(time.num_microseconds().unwrap_or(i64::MAX));
    let micros = micros * i128::from(nth) / i128::from(of);
    TimeDelta::microseconds(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// One customer in a hundred changes agents at some time.
fn moves(world: &mut World, plan: &Plan, begin: DateTime<Utc>) {
    for customer in 0..world.customers.len() {
        let of_an_agent = world.customers[customer].file.agent_now().is_some();
        if of_an_agent && world.dice.once_in(100) {
            let hours = world.dice.between(1, (plan.days * 24).max(1));
            let to = world.dice.place(world.agents.len());
            let at = begin + TimeDelta::hours(hours);
            world.later.add(at, Thing::Move { customer, to });
        }
    }
}

/// Who calls: by the shares of the agents, one in twenty without an agent, where there are such.
fn caller(world: &mut World) -> usize {
    let mut agent = world.shares.draw(&mut world.dice);
    if world.dice.once_in(20) || world.agents[agent].customers.is_empty() {
        if !world.house.is_empty() {
            return world.house[world.dice.place(world.house.len())];
        }
        agent = 0;
    }
    let customers = world.agents[agent].customers.len();
    let nth = world.dice.place(customers);
    world.agents[agent].customers[nth]
}

fn charges(
    world: &mut World,
    now: DateTime<Utc>,
    (first, count): (u64, u64),
    rows: &mut Rows,
) -> Result<(), Fault> {
    let callers: Vec<usize> = (0..count).map(|_| caller(world)).collect();
    let mut books = world.open(now, callers.iter().copied(), []);
    let (mut calls, mut sold) = (Vec::new(), Vec::new());
    let mut wanted: BTreeMap<usize, Money> = BTreeMap::new();
    for (&place, nth) in callers.iter().zip(first..) {
        let account_number = world.customers[place].file.customer.number.clone();
        let before = TimeDelta::milliseconds(world.dice.between(1_000, 180_000));
        let external_id = name(&format!("row-{nth:010}"));
        let amount = if world.dice.once_in(10) {
            let (description, price) = SERVICES[world.dice.place(SERVICES.len())];
            sold.push(RatedCharge {
                external_id,
                account_number,
                kind: ChargeKind::Service,
                description: name(description),
                amount: Money::from_units(price),
                commissionable: true,
                occurred_at: now - before,
            });
            price
        } else {
            let line = world.dice.below(10_000);
            calls.push(Call {
                external_id,
                account_number,
                to: phone_number(world.dice.place(6), line),
                answered_at: now - before,
                duration_seconds: i32::try_from(world.dice.between(0, 900)).unwrap_or(60),
            });
            DEAREST_CALL
        };
        *wanted.entry(place).or_default() += Money::from_units(amount);
    }
    for (&place, &wanted) in &wanted {
        pay_in(world, &mut books, place, wanted)?;
    }
    let calls = RecordCalls {
        source: name("switch"),
        calls,
    };
    let sold = RecordCharges {
        source: name("shop"),
        charges: sold,
    };
    let mut outcomes = calls
        .decide(&mut books)
        .map_err(|no| refused("recordCalls", &no))?;
    outcomes.extend(
        sold.decide(&mut books)
            .map_err(|no| refused("recordCharges", &no))?,
    );
    doubt(world, &books, outcomes)?;
    if world.dice.once_in(4) {
        gift(world, &mut books, callers[0])?;
    }
    world.close(books, rows)
}

/// Some charges are refunded two days later; all others are as they will be.
fn doubt(world: &mut World, books: &Books, outcomes: Vec<RowOutcome>) -> Result<(), Fault> {
    for outcome in outcomes {
        let charge = outcome.result.map_err(|no| refused("a charge", &no))?;
        let customer = world.place(charge.customer_id.uuid());
        let own = world.customers[customer].file.own_of.is_some();
        if charge.amount.is_positive() && !own && world.dice.once_in(300) {
            let mut earned = books.added.commissions.iter();
            let earned = earned.find(|row| row.charge_id == Some(charge.id)).cloned();
            let at = books.now + TimeDelta::days(2);
            world.later.add(at, Thing::Refund(charge.id));
            world.doubtful.insert(charge.id, (charge, earned));
        }
    }
    Ok(())
}

/// Whoever has too little pays in, by card.
fn pay_in(world: &mut World, books: &mut Books, place: usize, wanted: Money) -> Result<(), Fault> {
    let customer = world.customer_id(place);
    let lacking = wanted - books.customer_balance(customer).cash;
    if !lacking.is_positive() {
        return Ok(());
    }
    let tens = world.dice.between(2, 10);
    let begin = BeginTopUp {
        by: Party::Customer(customer),
        customer,
        amount: Money::from_units((lacking.units() / TEN + tens) * TEN),
        method: TopUpMethod::CreditCard,
        payment_token: Some("tok_on_file".into()),
    };
    let begun = begin.decide(books).map_err(|no| refused("topUp", &no))?;
    let finish = FinishTopUp {
        top_up: begun.id,
        said: GatewaySaid::Approved {
            reference: name("Paid by card"),
        },
    };
    finish
        .decide(books)
        .map_err(|no| refused("finishTopUp", &no))?;
    Ok(())
}

/// An agent passes on some of what it earned; or an operator gives a customer credit.
fn gift(world: &mut World, books: &mut Books, place: usize) -> Result<(), Fault> {
    let customer = world.customer_id(place);
    let agent = world.customers[place].file.agent_now();
    let commission = agent.map(|agent| books.agent_balance(agent).commission);
    let amount = Money::from_units(10_000);
    if let Some(agent) = agent.filter(|_| commission.is_some_and(|has| has > amount + amount)) {
        let transfer = TransferFunds {
            agent,
            customer,
            amount,
            memo: None,
        };
        transfer
            .decide(books)
            .map_err(|no| refused("transferFunds", &no))?;
    } else {
        let grant = GrantPromo {
            customer,
            amount,
            reason: name("Welcome"),
        };
        grant
            .decide(books)
            .map_err(|no| refused("grantPromo", &no))?;
    }
    Ok(())
}

/// An agent that earned enough asks for it.
fn payout(world: &mut World, now: DateTime<Utc>, rows: &mut Rows) -> Result<(), Fault> {
    let agent = world.shares.draw(&mut world.dice);
    let commission = world.agents[agent].balance.commission.units();
    let dollars = (commission / 10_000).min(900);
    if dollars < 20 {
        return Ok(());
    }
    let mut books = world.open(now, [], [agent]);
    let request = RequestPayout {
        agent: world.agent_id(agent),
        amount: Money::from_units(dollars * 10_000),
        destination: Destination::Paypal {
            email: Email::parse(&super::agent_email(agent)).expect("an address"),
        },
    };
    let decided = request
        .decide(&mut books)
        .map_err(|no| refused("requestPayout", &no))?;
    let at = now + TimeDelta::days(1);
    world.later.add(at, Thing::Send(decided.payout.id));
    world.close(books, rows)
}
