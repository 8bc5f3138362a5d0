//! What will happen: payouts on their way, refunds, customers that change agents.

use std::collections::BTreeMap;
use std::sync::Arc;

use agent_program::program::{
    ApprovePayout, Command, Earned, RefundCharge, SendPayout, SettlePayout,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::affiliation::{self, AffiliationMethod};
use entity::agent_event::AgentEventKind;
use entity::{ChargeId, PayoutId, Prose, TypedId, assignment};

use super::Fault;
use super::history::refused;
use super::people::name;
use super::rows::Rows;
use super::world::World;

/// Something that will happen.
#[derive(Clone, Copy, Debug)]
pub enum Thing {
    Send(PayoutId),
    Settle(PayoutId),
    Refund(ChargeId),
    /// A customer goes to another agent.
    Move {
        customer: usize,
        to: usize,
    },
}

/// In order of time.
#[derive(Default)]
pub struct Later {
    things: BTreeMap<(DateTime<Utc>, usize), Thing>,
    added: usize,
}

impl Later {
    pub fn add(&mut self, at: DateTime<Utc>, thing: Thing) {
        self.added += 1;
        self.things.insert((at, self.added), thing);
    }

    /// The next thing that is due.
    fn due(&mut self, now: DateTime<Utc>) -> Option<Thing> {
        let first = self.things.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}

/// Lets all happen that is due.
pub fn happen(world: &mut World, now: DateTime<Utc>, rows: &mut Rows) -> Result<(), Fault> {
    while let Some(thing) = world.later.due(now) {
        match thing {
            Thing::Send(payout) => send(world, payout, now, rows)?,
            Thing::Settle(payout) => settle(world, payout, now, rows)?,
            Thing::Refund(charge) => refund(world, charge, now, rows)?,
            Thing::Move { customer, to } => change_agent(world, (customer, to), now, rows),
        }
    }
    Ok(())
}

fn send(world: &mut World, id: PayoutId, now: DateTime<Utc>, rows: &mut Rows) -> Result<(), Fault> {
    let payout = world.payouts[&id].clone();
    let agent = world.place(payout.agent_id.uuid());
    let mut books = world.open(now, [], [agent]);
    books.payouts.load(id, payout);
    let operator = world.operator;
    let approve = ApprovePayout {
        operator,
        payout: id,
    };
    approve
        .decide(&mut books)
        .map_err(|no| refused("approvePayout", &no))?;
    let send = SendPayout {
        operator,
        payout: id,
        reference: Some(name("Transfer of the day")),
    };
    send.decide(&mut books)
        .map_err(|no| refused("sendPayout", &no))?;
    world.later.add(now + TimeDelta::days(3), Thing::Settle(id));
    world.close(books, rows)
}

fn settle(
    world: &mut World,
    id: PayoutId,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), Fault> {
    let payout = world.payouts[&id].clone();
    let agent = world.place(payout.agent_id.uuid());
    let mut books = world.open(now, [], [agent]);
    books.payouts.load(id, payout);
    let settle = SettlePayout {
        payout: id,
        reference: None,
    };
    settle
        .decide(&mut books)
        .map_err(|no| refused("settlePayout", &no))?;
    world.close(books, rows)
}

/// Half of a charge goes back.
fn refund(
    world: &mut World,
    id: ChargeId,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), Fault> {
    let Some((charge, earned)) = world.doubtful.remove(&id) else {
        return Ok(());
    };
    let customer = world.place(charge.customer_id.uuid());
    let mut books = world.open(now, [customer], []);
    let key = (charge.source.clone(), charge.external_id.clone());
    if let Some(earned) = earned {
        books.earned.load(id, Earned::whole(earned));
    }
    let half = entity::Money::from_units((charge.amount.units() + 1) / 2);
    books.charge_keys.insert(id, key.clone());
    books.charges.load(key, charge);
    let refund = RefundCharge {
        charge: id,
        amount: Some(half),
        reason: name("The line was bad"),
    };
    refund
        .decide(&mut books)
        .map_err(|no| refused("refundCharge", &no))?;
    world.close(books, rows)
}

/// An operator gives a customer another agent (E24).
fn change_agent(
    world: &mut World,
    (customer, to): (usize, usize),
    now: DateTime<Utc>,
    rows: &mut Rows,
) {
    let id = world.customer_id(customer);
    let from = world.customers[customer].file.agent_now();
    let Some(from) = from.filter(|from| *from != world.agent_id(to)) else {
        return;
    };
    let (affiliation_id, assignment_id) = (world.id(now), world.id(now));
    let (agent_id, operator) = (world.agent_id(to), world.operator);
    let file = Arc::make_mut(&mut world.customers[customer].file);
    let customer_joined_at = file.customer.joined_at;
    for time in &mut file.affiliations {
        time.until.get_or_insert(now);
    }
    file.affiliations.push(affiliation::Model {
        id: affiliation_id,
        customer_id: id,
        agent_id,
        method: AffiliationMethod::Assigned,
        typed_number: None,
        link_number: None,
        since: now,
        until: None,
        customer_joined_at,
    });
    let former = world.place(from.uuid());
    world.agents[former]
        .customers
        .retain(|one| *one != customer);
    world.agents[to].customers.push(customer);
    for agent in [former, to] {
        let about = (AgentEventKind::Customer, id.uuid());
        let event = world.tell(agent, about, None, now);
        rows.agent_events.push(event);
    }
    rows.assignments.push(assignment::Model {
        id: assignment_id,
        customer_id: id,
        from_agent_id: Some(from),
        to_agent_id: Some(agent_id),
        reason: Prose::parse("The shop has changed hands").expect("a sentence"),
        set_by: operator,
        at: now,
    });
}
