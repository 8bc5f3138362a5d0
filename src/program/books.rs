//! The books that a batch has loaded and locked, and what its commands decide on them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::top_up::TopUpMethod;
use entity::{
    AccountNumber, AgentId, CustomerId, Money, Name, PayoutId, PlanId, ProductId, TopUpId, TypedId,
    account_event, affiliation, agent, agent_balance, agent_event, agent_slot, charge, commission,
    commission_rate, customer, customer_balance, customer_day, desk, desk_event, entry, payout,
    plan, product, top_up, transaction, transfer,
};
use entity::{agent::AgentStatus, charge::ChargeKind};
use uuid::Uuid;

use super::calls::CallRates;
use super::figures::AgentFigures;
use super::shelf::Shelf;
use super::{Reason, Refusal, Terms};

/// Where new ids come from: the writer's are `UUIDv7`, a simulation's are counted.
pub type IdSource = Box<dyn FnMut() -> Uuid + Send + Sync>;

/// What is known of an agent, but for its money.
#[derive(Clone, Debug)]
pub struct AgentFile {
    pub agent: agent::Model,
    /// In the order of `effective_from`.
    pub rates: Vec<commission_rate::Model>,
}

/// What is known of a customer, but for its money.
#[derive(Clone, Debug)]
pub struct CustomerFile {
    pub customer: customer::Model,
    /// All its times with agents.
    pub affiliations: Vec<affiliation::Model>,
    /// Whose own telephone account it is.
    pub own_of: Option<AgentId>,
}

/// Figures of a quarter of an hour or a day that are added to what the database has.
pub type SlotKey = (AgentId, DateTime<Utc>, ChargeKind);
/// The agent, the customer and the UTC day.
pub type DayKey = (AgentId, CustomerId, chrono::NaiveDate);

/// Rows that are only ever added.
#[derive(Clone, Debug, Default)]
pub struct Added {
    pub transactions: Vec<transaction::Model>,
    pub entries: Vec<entry::Model>,
    pub commissions: Vec<commission::Model>,
    pub transfers: Vec<transfer::Model>,
    pub agent_events: Vec<agent_event::Model>,
    pub account_events: Vec<account_event::Model>,
    pub desk_events: Vec<desk_event::Model>,
}

/// All that the commands of a batch need, loaded and locked, and all that they decided.
///
/// An owner that is touched is here with its balance; an agent always together with its own telephone account, and a
/// customer together with every agent that it ever had.
pub struct Books {
    /// Taken after the locks.
    pub now: DateTime<Utc>,
    pub terms: Arc<Terms>,
    ids: IdSource,
    pub agents: BTreeMap<AgentId, Arc<AgentFile>>,
    pub customers: BTreeMap<CustomerId, Arc<CustomerFile>>,
    pub numbers: BTreeMap<AccountNumber, CustomerId>,
    pub products: BTreeMap<ProductId, product::Model>,
    pub call_rates: CallRates,
    pub agent_balances: Shelf<AgentId, agent_balance::Model>,
    pub customer_balances: Shelf<CustomerId, customer_balance::Model>,
    /// Commission still inside the hold period (E09), of agents that a payout is decided for.
    pub immature: Shelf<AgentId, Money>,
    /// Paid in over the last 24 hours, failed payments aside (R34).
    pub paid_in: Shelf<(CustomerId, TopUpMethod), Money>,
    /// By source and external id (E30).
    pub charges: Shelf<(Name, Name), charge::Model>,
    pub top_ups: Shelf<TopUpId, top_up::Model>,
    pub payouts: Shelf<PayoutId, payout::Model>,
    pub plans: Shelf<PlanId, plan::Model>,
    /// Key `()`: there is one desk.
    pub desk: Shelf<(), desk::Model>,
    /// What is added to the roll-ups.
    pub slots: Shelf<SlotKey, agent_slot::Model>,
    pub days: Shelf<DayKey, customer_day::Model>,
    pub added: Added,
}

/// Where to come back to when a command is refused.
struct Mark {
    shelves: [usize; 11],
    added: [usize; 7],
}

impl Books {
    /// Empty books.
    #[must_use]
    pub fn new(now: DateTime<Utc>, terms: Arc<Terms>, ids: IdSource) -> Self {
        Self {
            now,
            terms,
            ids,
            agents: BTreeMap::new(),
            customers: BTreeMap::new(),
            numbers: BTreeMap::new(),
            products: BTreeMap::new(),
            call_rates: CallRates::default(),
            agent_balances: Shelf::default(),
            customer_balances: Shelf::default(),
            immature: Shelf::default(),
            paid_in: Shelf::default(),
            charges: Shelf::default(),
            top_ups: Shelf::default(),
            payouts: Shelf::default(),
            plans: Shelf::default(),
            desk: Shelf::default(),
            slots: Shelf::default(),
            days: Shelf::default(),
            added: Added::default(),
        }
    }

    /// A new id of any kind.
    pub fn new_id<I: TypedId>(&mut self) -> I {
        I::from_uuid((self.ids)())
    }

    /// Runs a decision; a refusal leaves nothing of it behind.
    ///
    /// # Errors
    /// The decision's own.
    pub fn attempt<T>(
        &mut self,
        decide: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mark = self.mark();
        decide(self).inspect_err(|_| self.back_to(&mark))
    }

    fn mark(&self) -> Mark {
        Mark {
            shelves: [
                self.agent_balances.mark(),
                self.customer_balances.mark(),
                self.immature.mark(),
                self.paid_in.mark(),
                self.charges.mark(),
                self.top_ups.mark(),
                self.payouts.mark(),
                self.plans.mark(),
                self.desk.mark(),
                self.slots.mark(),
                self.days.mark(),
            ],
            added: [
                self.added.transactions.len(),
                self.added.entries.len(),
                self.added.commissions.len(),
                self.added.transfers.len(),
                self.added.agent_events.len(),
                self.added.account_events.len(),
                self.added.desk_events.len(),
            ],
        }
    }

    fn back_to(&mut self, mark: &Mark) {
        let [
            agent_balances,
            customer_balances,
            immature,
            paid_in,
            charges,
            top_ups,
            payouts,
            plans,
            desk,
            slots,
            days,
        ] = mark.shelves;
        self.agent_balances.back_to(agent_balances);
        self.customer_balances.back_to(customer_balances);
        self.immature.back_to(immature);
        self.paid_in.back_to(paid_in);
        self.charges.back_to(charges);
        self.top_ups.back_to(top_ups);
        self.payouts.back_to(payouts);
        self.plans.back_to(plans);
        self.desk.back_to(desk);
        self.slots.back_to(slots);
        self.days.back_to(days);
        let [
            transactions,
            entries,
            commissions,
            transfers,
            agent_events,
            account_events,
            desk_events,
        ] = mark.added;
        self.added.transactions.truncate(transactions);
        self.added.entries.truncate(entries);
        self.added.commissions.truncate(commissions);
        self.added.transfers.truncate(transfers);
        self.added.agent_events.truncate(agent_events);
        self.added.account_events.truncate(account_events);
        self.added.desk_events.truncate(desk_events);
    }

    /// # Errors
    /// `NOT_FOUND`.
    pub fn agent(&self, id: AgentId) -> Result<Arc<AgentFile>, Refusal> {
        let found = self.agents.get(&id).cloned();
        found.ok_or_else(|| Refusal::not_found("agent"))
    }

    /// # Errors
    /// `NOT_FOUND`.
    pub fn customer(&self, id: CustomerId) -> Result<Arc<CustomerFile>, Refusal> {
        let found = self.customers.get(&id).cloned();
        found.ok_or_else(|| Refusal::not_found("customer"))
    }

    /// An agent that may move money: neither suspended nor closed.
    ///
    /// # Errors
    /// `NOT_FOUND`, `AGENT_NOT_ACTIVE`.
    pub fn active_agent(&self, id: AgentId) -> Result<Arc<AgentFile>, Refusal> {
        let file = self.agent(id)?;
        match file.agent.status {
            AgentStatus::Active => Ok(file),
            AgentStatus::Suspended | AgentStatus::Closed => Err(Reason::AgentNotActive.into()),
        }
    }

    /// The balance row of an agent that was loaded.
    ///
    /// # Panics
    /// Where the agent was not asked for: the loader brings every agent with its balance.
    #[must_use]
    pub fn agent_balance(&self, id: AgentId) -> &agent_balance::Model {
        self.agent_balances
            .get(&id)
            .expect("an agent is loaded with its balance")
    }

    /// The balance row of a customer that was loaded.
    ///
    /// # Panics
    /// Where the customer was not asked for: the loader brings every customer with its balance.
    #[must_use]
    pub fn customer_balance(&self, id: CustomerId) -> &customer_balance::Model {
        self.customer_balances
            .get(&id)
            .expect("a customer is loaded with its balance")
    }

    /// The cash of an agent's own telephone account.
    ///
    /// # Panics
    /// Where the agent was not loaded.
    #[must_use]
    pub fn funding(&self, id: AgentId) -> Money {
        let file = self.agents.get(&id).expect("the agent was asked for");
        self.customer_balance(file.agent.customer_id).cash
    }

    /// An agent's money, as its owner sees it.
    #[must_use]
    pub fn figures(&self, id: AgentId) -> AgentFigures {
        let balance = self.agent_balance(id);
        let immature = self.immature.get(&id).copied().unwrap_or_default();
        AgentFigures::of(&self.terms, self.funding(id), balance, immature)
    }
}
