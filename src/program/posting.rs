//! Double entry: what one event moves, and what it tells.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use entity::agent_event::AgentEventKind;
use entity::charge::ChargeKind;
use entity::desk_event::DeskSubject;
use entity::entry::Account;
use entity::payout::PayoutState;
use entity::transaction::{Cause, TransactionKind};
use entity::{
    AgentId, CommissionId, CustomerId, Money, Name, TransactionId, TypedId, account_event,
    agent_event, desk_event, entry, transaction,
};
use uuid::Uuid;

use super::{Books, Reason, Refusal};

/// Where money can be (`program.md`, section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Cash(CustomerId),
    Promo(CustomerId),
    Commission(AgentId),
    Held(AgentId),
    Reserved(AgentId),
    /// One of the house's own accounts, which have no balance row.
    House(Account),
}

impl Place {
    fn account(self) -> Account {
        match self {
            Self::Cash(_) => Account::CustomerCash,
            Self::Promo(_) => Account::CustomerPromo,
            Self::Commission(_) => Account::AgentCommission,
            Self::Held(_) => Account::AgentHeld,
            Self::Reserved(_) => Account::AgentReserved,
            Self::House(account) => account,
        }
    }

    fn owner(self) -> Option<Uuid> {
        match self {
            Self::Cash(customer) | Self::Promo(customer) => Some(customer.uuid()),
            Self::Commission(agent) | Self::Held(agent) | Self::Reserved(agent) => {
                Some(agent.uuid())
            }
            Self::House(_) => None,
        }
    }
}

/// Where the house's share of a charge lies.
pub(super) fn revenue(kind: ChargeKind) -> Place {
    Place::House(match kind {
        ChargeKind::Call => Account::RevenueCalls,
        ChargeKind::Service => Account::RevenueServices,
        ChargeKind::PlanFee => Account::RevenuePlans,
    })
}

/// What an agent's event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tell {
    pub kind: AgentEventKind,
    /// The commission, transfer or payout.
    pub subject: Uuid,
    /// For a payout.
    pub payout_state: Option<PayoutState>,
}

impl Tell {
    /// Of a commission: earned, taken back, held, released.
    #[must_use]
    pub fn commission(id: CommissionId) -> Self {
        Self {
            kind: AgentEventKind::Commission,
            subject: id.uuid(),
            payout_state: None,
        }
    }
}

/// A transaction in the making. Made of moves from one place to another, so its entries always sum to zero.
#[derive(Clone, Debug)]
pub struct Posting {
    kind: TransactionKind,
    cause: Cause,
    cause_id: Uuid,
    description: Name,
    occurred_at: DateTime<Utc>,
    legs: BTreeMap<Place, i64>,
    tells: Vec<(AgentId, Tell)>,
    overflow: bool,
}

impl Posting {
    /// Nothing moved yet; `description` is what the owners read.
    #[must_use]
    pub fn new(
        kind: TransactionKind,
        (cause, cause_id): (Cause, Uuid),
        description: Name,
        occurred_at: DateTime<Utc>,
    ) -> Self {
        Self {
            kind,
            cause,
            cause_id,
            description,
            occurred_at,
            legs: BTreeMap::new(),
            tells: Vec::new(),
            overflow: false,
        }
    }

    /// Moves an amount; nothing is written of a zero.
    pub fn moves(&mut self, from: Place, to: Place, amount: Money) -> &mut Self {
        if !amount.is_zero() {
            self.add(from, -amount.units());
            self.add(to, amount.units());
        }
        self
    }

    fn add(&mut self, place: Place, units: i64) {
        let leg = self.legs.entry(place).or_default();
        match leg.checked_add(units) {
            Some(sum) => *leg = sum,
            None => self.overflow = true,
        }
    }

    /// What an event of an agent is about, one for each thing told, in this order; one that is touched without being
    /// told hears of its own account.
    pub fn tells(&mut self, agent: AgentId, tell: Tell) -> &mut Self {
        self.tells.push((agent, tell));
        self
    }

    /// Whether no balance changes.
    #[must_use]
    pub fn moves_nothing(&self) -> bool {
        self.legs.values().all(|units| *units == 0)
    }

    /// Tells all that another one would have told.
    pub fn tells_as(&mut self, other: &Self) -> &mut Self {
        self.tells.extend(&other.tells);
        self
    }

    /// What it moves to a place, or from it, as it stands.
    #[must_use]
    pub fn at(&self, place: Place) -> Money {
        Money::from_units(self.legs.get(&place).copied().unwrap_or_default())
    }
}

impl Books {
    /// Writes a posting: its entries with the balances after them, with an event for each owner that it touches.
    ///
    /// # Errors
    /// `INVALID_INPUT` where a balance would leave the range of the books.
    pub fn post(&mut self, posting: Posting) -> Result<TransactionId, Refusal> {
        let id: TransactionId = self.new_id();
        self.post_as(id, posting)
    }

    /// The same under an id that the rows it caused bear already.
    ///
    /// # Errors
    /// As [`Books::post`].
    #[expect(clippy::needless_pass_by_value, reason = "it is posted once")]
    pub fn post_as(
        &mut self,
        id: TransactionId,
        posting: Posting,
    ) -> Result<TransactionId, Refusal> {
        let out_of_range =
            || Reason::InvalidInput("This would take a balance out of range.".into());
        if posting.overflow {
            return Err(out_of_range().into());
        }
        let legs = posting.legs.iter().filter(|(_, units)| **units != 0);
        for (line, (&place, &units)) in (1..).zip(legs) {
            let amount = Money::from_units(units);
            let after = self.apply(place, amount).ok_or_else(out_of_range)?;
            self.added.entries.push(entry::Model {
                transaction_id: id,
                line,
                account: place.account(),
                owner_id: place.owner(),
                version: after.map(|(_, version)| version),
                amount,
                balance_after: after.map(|(balance, _)| balance),
            });
        }
        self.added.transactions.push(transaction::Model {
            id,
            kind: posting.kind,
            description: posting.description.clone(),
            cause: posting.cause,
            cause_id: posting.cause_id,
            occurred_at: posting.occurred_at,
            created_at: self.now,
        });
        self.tell_owners(id, &posting);
        Ok(id)
    }

    /// Changes a balance; answers it with its version, or nothing for the house. `None`: out of range.
    #[expect(
        clippy::option_option,
        reason = "the outer says whether it fits, the inner whether there is a balance"
    )]
    fn apply(&mut self, place: Place, amount: Money) -> Option<Option<(Money, i64)>> {
        let step = |balance: &mut Money, version: &mut i64| {
            *balance = balance.checked_add(amount)?;
            *version += 1;
            Some(Some((*balance, *version)))
        };
        let balances = &mut self.agent_balances;
        match place {
            Place::House(_) => Some(None),
            Place::Cash(id) => self
                .customer_balances
                .change(&id, |row| step(&mut row.cash, &mut row.cash_version))
                .expect("a customer is loaded with its balance"),
            Place::Promo(id) => self
                .customer_balances
                .change(&id, |row| step(&mut row.promo, &mut row.promo_version))
                .expect("a customer is loaded with its balance"),
            Place::Commission(id) => balances
                .change(&id, |row| {
                    step(&mut row.commission, &mut row.commission_version)
                })
                .expect("an agent is loaded with its balance"),
            Place::Held(id) => balances
                .change(&id, |row| step(&mut row.held, &mut row.held_version))
                .expect("an agent is loaded with its balance"),
            Place::Reserved(id) => balances
                .change(&id, |row| {
                    step(&mut row.reserved, &mut row.reserved_version)
                })
                .expect("an agent is loaded with its balance"),
        }
    }

    fn tell_owners(&mut self, id: TransactionId, posting: &Posting) {
        let mut customers = BTreeSet::new();
        let mut agents: BTreeSet<AgentId> = posting.tells.iter().map(|(agent, _)| *agent).collect();
        for (place, units) in &posting.legs {
            match *place {
                _ if *units == 0 => {}
                Place::Cash(customer) | Place::Promo(customer) => {
                    customers.insert(customer);
                    agents.extend(self.customers.get(&customer).and_then(|file| file.own_of));
                }
                Place::Commission(agent) | Place::Held(agent) | Place::Reserved(agent) => {
                    agents.insert(agent);
                }
                Place::House(_) => {}
            }
        }
        for customer_id in customers {
            let balance = self.customer_balances.change(&customer_id, |row| {
                row.event_seq += 1;
                row.clone()
            });
            let balance = balance.expect("a customer is loaded with its balance");
            self.added.account_events.push(account_event::Model {
                customer_id,
                seq: balance.event_seq,
                transaction_id: id,
                occurred_at: self.now,
                cash: balance.cash,
                promo: balance.promo,
            });
        }
        for agent in agents {
            let own = Tell {
                kind: AgentEventKind::OwnAccount,
                subject: posting.cause_id,
                payout_state: None,
            };
            let told = posting.tells.iter().filter(|(told, _)| *told == agent);
            let mut told = told.map(|(_, tell)| *tell).peekable();
            if told.peek().is_none() {
                self.tell_agent(agent, own, Some(id));
            }
            for tell in told {
                self.tell_agent(agent, tell, Some(id));
            }
        }
    }

    /// Adds an event to an agent's stream, with its balance as it is now.
    ///
    /// # Panics
    /// Where the agent was not loaded.
    pub fn tell_agent(
        &mut self,
        agent_id: AgentId,
        tell: Tell,
        transaction_id: Option<TransactionId>,
    ) {
        let funding = self.funding(agent_id);
        let balance = self.agent_balances.change(&agent_id, |row| {
            row.event_seq += 1;
            row.clone()
        });
        let balance = balance.expect("an agent is loaded with its balance");
        self.added.agent_events.push(agent_event::Model {
            agent_id,
            seq: balance.event_seq,
            kind: tell.kind,
            subject_id: tell.subject,
            transaction_id,
            commission_rate: None,
            payout_state: tell.payout_state,
            occurred_at: self.now,
            funding,
            commission: balance.commission,
            held: balance.held,
            reserved: balance.reserved,
            carry: balance.carry,
        });
    }

    /// Puts something on the operators' desk.
    ///
    /// # Panics
    /// Where the desk was not asked for.
    pub fn tell_desk(&mut self, subject: DeskSubject, subject_id: Uuid) {
        let seq = self.desk.change(&(), |desk| {
            desk.event_seq += 1;
            desk.event_seq
        });
        self.added.desk_events.push(desk_event::Model {
            seq: seq.expect("the desk was asked for"),
            subject,
            subject_id,
            occurred_at: self.now,
        });
    }
}

/// A line of ours for people, cut to what fits.
///
/// # Panics
/// On an empty line, which no rule writes.
#[must_use]
pub(super) fn line(text: &str) -> Name {
    let cut: String = text.chars().take(200).collect();
    Name::parse(&cut).expect("a line of ours is a name")
}
