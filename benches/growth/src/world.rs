//! Everything there is, in memory: what the server would find in its database.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use agent_program::ledger::next_link;
use agent_program::program::{
    AgentFile, Books, CallRates, CustomerFile, DayKey, Fate, SlotKey, Terms,
};
use agent_program::store::Db;
use chrono::{DateTime, NaiveDate, Utc};
use entity::agent_event::{self, AgentEventKind};
use entity::{
    AgentId, ChargeId, CommissionRate, CustomerId, LoginId, PayoutId, TypedId, agent,
    agent_balance, agent_slot, chain, charge, commission, customer, customer_balance, customer_day,
    desk, payout,
};
use sea_orm::{EntityTrait, PaginatorTrait};
use uuid::Uuid;

use super::dice::{Dice, Zipf};
use super::later::Later;
use super::rows::Rows;
use super::{Fault, Plan, people};

/// An agent with what it has.
pub struct Agent {
    pub file: Arc<AgentFile>,
    pub balance: agent_balance::Model,
    /// Its own telephone account.
    pub own: usize,
    /// Its customers now.
    pub customers: Vec<usize>,
}

/// A customer with what it has.
pub struct Customer {
    pub file: Arc<CustomerFile>,
    pub balance: customer_balance::Model,
}

pub struct World {
    pub terms: Arc<Terms>,
    pub call_rates: CallRates,
    pub operator: LoginId,
    pub agents: Vec<Agent>,
    pub customers: Vec<Customer>,
    /// Customers without an agent.
    pub house: Vec<usize>,
    pub shares: Zipf,
    pub dice: Dice,
    /// What happens when.
    pub later: Later,
    /// Payouts, which are written in their last state.
    pub payouts: HashMap<PayoutId, payout::Model>,
    /// Charges that will be refunded in a while, with what they earned: they are written after that.
    pub doubtful: HashMap<ChargeId, (charge::Model, Option<commission::Model>)>,
    /// What is about to be written of people.
    pub newcomers: Rows,
    pub desk: desk::Model,
    head: chain::Model,
    ids: Arc<AtomicU64>,
    places: HashMap<Uuid, usize>,
    slots: BTreeMap<SlotKey, agent_slot::Model>,
    days: BTreeMap<DayKey, customer_day::Model>,
}

/// The head of the hash chain that the history goes on from.
///
/// # Errors
/// The database's; and where it holds a history already.
pub async fn beginning(db: &Db) -> Result<chain::Model, Fault> {
    let customers = customer::Entity::find().count(db.reader()).await?;
    let agents = agent::Entity::find().count(db.reader()).await?;
    if customers > 0 || agents > 0 {
        let problem =
            "This fills an empty database, and there are customers or agents in this one.";
        return Err(Fault::Story(problem.into()));
    }
    let head = chain::Entity::find_by_id(0_i16).one(db.reader()).await?;
    head.ok_or_else(|| Fault::Story("The hash chain has no head.".into()))
}

impl World {
    pub fn new(plan: &Plan, terms: Arc<Terms>, head: chain::Model) -> Self {
        let mut world = Self {
            terms,
            call_rates: CallRates::default(),
            operator: LoginId::from_uuid(Uuid::nil()),
            agents: Vec::new(),
            customers: Vec::new(),
            house: Vec::new(),
            shares: Zipf::new(plan.agents),
            dice: Dice::new(plan.seed),
            later: Later::default(),
            payouts: HashMap::new(),
            doubtful: HashMap::new(),
            newcomers: Rows::default(),
            desk: desk::Model {
                id: 1,
                event_seq: 0,
            },
            head,
            ids: Arc::default(),
            places: HashMap::new(),
            slots: BTreeMap::new(),
            days: BTreeMap::new(),
        };
        people::come(&mut world, plan);
        world
    }

    /// A new id, of that instant.
    pub fn id<I: TypedId>(&self, at: DateTime<Utc>) -> I {
        I::from_uuid(id(at, self.ids.fetch_add(1, Ordering::Relaxed)))
    }

    /// Where an agent or a customer is found from now on.
    pub fn settle_in(&mut self, id: Uuid, place: usize) {
        self.places.insert(id, place);
    }

    pub fn place(&self, id: Uuid) -> usize {
        self.places[&id]
    }

    /// Books with these customers and agents, and all that comes along with them, as the server's loader brings it.
    pub fn open(
        &self,
        now: DateTime<Utc>,
        customers: impl IntoIterator<Item = usize>,
        agents: impl IntoIterator<Item = usize>,
    ) -> Books {
        let counter = Arc::clone(&self.ids);
        let ids = Box::new(move || id(now, counter.fetch_add(1, Ordering::Relaxed)));
        let mut books = Books::new(now, Arc::clone(&self.terms), ids);
        books.call_rates = self.call_rates.clone();
        books.desk.load((), self.desk.clone());
        let mut customers: BTreeSet<usize> = customers.into_iter().collect();
        let mut agents: BTreeSet<usize> = agents.into_iter().collect();
        for &place in &customers {
            let file = &self.customers[place].file;
            let of = file.affiliations.iter().map(|time| time.agent_id);
            let of = of.chain(file.own_of);
            agents.extend(of.map(|agent| self.place(agent.uuid())));
        }
        customers.extend(agents.iter().map(|place| self.agents[*place].own));
        for place in agents {
            let agent = &self.agents[place];
            let id = agent.balance.agent_id;
            books.agents.load(id, Arc::clone(&agent.file));
            books.agent_balances.load(id, agent.balance.clone());
        }
        for place in customers {
            let customer = &self.customers[place];
            let (id, number) = (customer.balance.customer_id, &customer.file.customer.number);
            books.numbers.insert(number.clone(), id);
            books.customers.load(id, Arc::clone(&customer.file));
            books.customer_balances.load(id, customer.balance.clone());
        }
        books
    }

    /// Takes over what was decided, and adds its rows to those that are written.
    ///
    /// # Errors
    /// Where the link of the hash chain cannot be made.
    pub fn close(&mut self, mut books: Books, rows: &mut Rows) -> Result<(), Fault> {
        if !books.added.transactions.is_empty() {
            let link = next_link(&self.head, &books.added, books.now)?;
            self.head.seq = link.seq;
            self.head.hash.clone_from(&link.hash);
            rows.links.push(link);
        }
        for balance in books.agent_balances.of(Fate::Changed) {
            let place = self.place(balance.agent_id.uuid());
            self.agents[place].balance = balance.clone();
        }
        for balance in books.customer_balances.of(Fate::Changed) {
            let place = self.place(balance.customer_id.uuid());
            self.customers[place].balance = balance.clone();
        }
        for desk in books.desk.of(Fate::Changed) {
            self.desk = desk.clone();
        }
        for fate in [Fate::New, Fate::Changed] {
            for payout in books.payouts.of(fate) {
                self.payouts.insert(payout.id, payout.clone());
            }
        }
        rows.top_ups.extend(books.top_ups.of(Fate::New).cloned());
        let charges = books.charges.of(Fate::New).cloned();
        let charges = charges.filter(|row| !self.doubtful.contains_key(&row.id));
        rows.charges.extend(charges);
        rows.charges
            .extend(books.charges.of(Fate::Changed).cloned());
        self.tally(&books);
        let added = mem::take(&mut books.added);
        rows.transactions.extend(added.transactions);
        rows.entries.extend(added.entries);
        rows.commissions.extend(added.commissions);
        rows.transfers.extend(added.transfers);
        rows.agent_events.extend(added.agent_events);
        rows.account_events.extend(added.account_events);
        rows.desk_events.extend(added.desk_events);
        Ok(())
    }

    fn tally(&mut self, books: &Books) {
        for row in books.slots.of(Fate::New) {
            let key = (row.agent_id, row.slot, row.kind);
            let sum = self.slots.entry(key);
            let sum = sum.or_insert_with(|| agent_slot::Model {
                charges: 0,
                calls: 0,
                call_seconds: 0,
                spent: entity::Money::ZERO,
                base: entity::Money::ZERO,
                earned: entity::Money::ZERO,
                clawed_back: entity::Money::ZERO,
                ..row.clone()
            });
            sum.charges += row.charges;
            sum.calls += row.calls;
            sum.call_seconds += row.call_seconds;
            sum.spent += row.spent;
            sum.base += row.base;
            sum.earned += row.earned;
            sum.clawed_back += row.clawed_back;
        }
        for row in books.days.of(Fate::New) {
            let key = (row.agent_id, row.customer_id, row.day);
            let sum = self.days.entry(key);
            let sum = sum.or_insert_with(|| customer_day::Model {
                charges: 0,
                calls: 0,
                call_seconds: 0,
                spent: entity::Money::ZERO,
                base: entity::Money::ZERO,
                earned: entity::Money::ZERO,
                clawed_back: entity::Money::ZERO,
                ..row.clone()
            });
            sum.charges += row.charges;
            sum.calls += row.calls;
            sum.call_seconds += row.call_seconds;
            sum.spent += row.spent;
            sum.base += row.base;
            sum.earned += row.earned;
            sum.clawed_back += row.clawed_back;
            sum.last_charge_at = sum.last_charge_at.max(row.last_charge_at);
        }
    }

    /// Moves the sums of days that are over to what is written: nothing happens to them any more.
    pub fn close_days(&mut self, before: NaiveDate, rows: &mut Rows) {
        let over = |key: &SlotKey| key.1.date_naive() < before;
        let slots = mem::take(&mut self.slots);
        let (over, open): (BTreeMap<_, _>, BTreeMap<_, _>) =
            slots.into_iter().partition(|(key, _)| over(key));
        self.slots = open;
        rows.slots.extend(over.into_values());
        let days = mem::take(&mut self.days);
        let (over, open): (BTreeMap<_, _>, BTreeMap<_, _>) =
            days.into_iter().partition(|(key, _)| key.2 < before);
        self.days = open;
        rows.days.extend(over.into_values());
    }

    /// All that is written once, at the end.
    pub fn end(&mut self, rows: &mut Rows) {
        self.close_days(NaiveDate::MAX, rows);
        rows.payouts
            .extend(mem::take(&mut self.payouts).into_values());
        let doubtful = mem::take(&mut self.doubtful);
        rows.charges
            .extend(doubtful.into_values().map(|(charge, _)| charge));
        for agent in &self.agents {
            rows.agent_balances.push(agent.balance.clone());
        }
        for customer in &self.customers {
            rows.customer_balances.push(customer.balance.clone());
            rows.affiliations
                .extend(customer.file.affiliations.iter().cloned());
        }
        rows.head = Some(self.head.clone());
        rows.desk = Some(self.desk.clone());
    }

    /// Tells an agent of a customer, or of its rate.
    pub fn tell(
        &mut self,
        agent: usize,
        about: (AgentEventKind, Uuid),
        commission_rate: Option<CommissionRate>,
        at: DateTime<Utc>,
    ) -> agent_event::Model {
        let agent = &mut self.agents[agent];
        let (funding, balance) = (self.customers[agent.own].balance.cash, &mut agent.balance);
        balance.event_seq += 1;
        agent_event::Model {
            agent_id: balance.agent_id,
            seq: balance.event_seq,
            kind: about.0,
            subject_id: about.1,
            transaction_id: None,
            commission_rate,
            payout_state: None,
            occurred_at: at,
            funding,
            commission: balance.commission,
            held: balance.held,
            reserved: balance.reserved,
            carry: balance.carry,
        }
    }

    pub fn agent_id(&self, place: usize) -> AgentId {
        self.agents[place].balance.agent_id
    }

    pub fn customer_id(&self, place: usize) -> CustomerId {
        self.customers[place].balance.customer_id
    }
}

/// A `UUIDv7` of an instant; those of one instant are in order.
fn id(at: DateTime<Utc>, count: u64) -> Uuid {
    let millis = u128::from(at.timestamp_millis().unsigned_abs());
    Uuid::from_u128(millis << 80 | 7 << 76 | 2 << 62 | u128::from(count))
}
