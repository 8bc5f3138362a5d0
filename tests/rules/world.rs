//! A program without a database: agents, customers and a price list, on books that are never closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use agent_program::program::lots::{CashLine, Histories};
use agent_program::program::{
    AgentFile, Books, CallRates, Command, CustomerFile, Earned, IdSource, Refusal, Terms,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::affiliation::{self, AffiliationMethod};
use entity::agent::{self, AgentKind, AgentStatus};
use entity::customer::{self, CustomerStatus, Management};
use entity::entry::Account;
use entity::product::{self, ProductKind};
use entity::{
    AccountNumber, AgentId, AgentNumber, CallRateId, CommissionRate, CustomerId, Exact, LoginId,
    Money, Name, Percent, ProductId, Prose, TypedId, agent_balance, agent_standing, call_rate,
    charge, commission_rate, customer_balance, desk,
};
use uuid::Uuid;

/// When every world begins.
pub fn dawn() -> DateTime<Utc> {
    "2026-01-05T09:00:00Z".parse().expect("an instant")
}

pub fn money(text: &str) -> Money {
    Money::parse(text).unwrap_or_else(|| panic!("no amount: {text}"))
}

pub fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

pub fn rate(basis_points: i64) -> CommissionRate {
    CommissionRate::try_new(Percent::from_basis_points(basis_points)).expect("1% to 10%")
}

/// Books over a whole history, and who is on them.
pub struct World {
    pub books: Books,
    pub agents: Vec<AgentId>,
    /// The agents' own telephone accounts are among them.
    pub customers: Vec<CustomerId>,
    pub products: Vec<ProductId>,
    pub call_rates: Vec<call_rate::Model>,
    /// How many ids were given.
    ids: Arc<AtomicU64>,
}

/// Ids that are counted.
fn counted(ids: Arc<AtomicU64>) -> IdSource {
    Box::new(move || Uuid::from_u128(u128::from(ids.fetch_add(1, Ordering::Relaxed))))
}

impl World {
    pub fn new(terms: Terms) -> Self {
        let ids = Arc::new(AtomicU64::new(1));
        let mut books = Books::new(dawn(), Arc::new(terms), counted(Arc::clone(&ids)));
        let desk = desk::Model {
            id: 1,
            event_seq: 0,
        };
        books.desk.load((), desk);
        Self {
            books,
            agents: Vec::new(),
            customers: Vec::new(),
            products: Vec::new(),
            call_rates: Vec::new(),
            ids,
        }
    }

    /// Empty books of the same instant and terms, that would give the same ids next.
    pub fn empty_books(&self) -> Books {
        let ids = Arc::new(AtomicU64::new(self.ids.load(Ordering::Relaxed)));
        Books::new(self.books.now, Arc::clone(&self.books.terms), counted(ids))
    }

    /// Decides, as the writer does.
    pub fn run<C: Command>(&mut self, command: &C) -> Result<C::Outcome, Refusal> {
        self.books.attempt(|books| command.decide(books))
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.books.now
    }

    pub fn pass(&mut self, time: TimeDelta) {
        self.books.now += time;
    }

    pub fn set_terms(&mut self, change: impl FnOnce(&mut Terms)) {
        change(Arc::make_mut(&mut self.books.terms));
    }

    /// An account with nothing on it.
    pub fn customer(&mut self, management: Management) -> CustomerId {
        let id: CustomerId = self.books.new_id();
        let number = AccountNumber::nth(u64::try_from(self.customers.len()).expect("few"));
        let customer = customer::Model {
            id,
            number: number.clone(),
            login_id: None,
            name: name("A customer"),
            email: None,
            status: CustomerStatus::Active,
            management,
            joined_at: self.now(),
        };
        let file = CustomerFile {
            customer,
            affiliations: Vec::new(),
            own_of: None,
        };
        self.books.customers.load(id, Arc::new(file));
        self.books.numbers.insert(number, id);
        self.load_customer_balance(id, Money::ZERO, Money::ZERO);
        self.customers.push(id);
        id
    }

    /// An agent with its own telephone account, at a rate from now on.
    pub fn agent(&mut self, basis_points: i64) -> AgentId {
        let id: AgentId = self.books.new_id();
        let account = self.customer(Management::Own);
        self.change_customer(account, |file| file.own_of = Some(id));
        let agent = agent::Model {
            id,
            number: AgentNumber::nth(u64::try_from(self.agents.len()).expect("few")),
            login_id: LoginId::from_uuid(id.uuid()),
            customer_id: account,
            application_id: None,
            display_name: name("An agent"),
            kind: AgentKind::Individual,
            status: AgentStatus::Active,
            joined_at: self.now(),
        };
        let file = AgentFile {
            agent,
            rates: Vec::new(),
            standings: Vec::new(),
        };
        self.books.agents.load(id, Arc::new(file));
        self.set_rate(id, self.now(), basis_points);
        self.load_agent_balance(id, Money::ZERO, Exact::ZERO);
        self.agents.push(id);
        id
    }

    pub fn change_agent(&mut self, id: AgentId, change: impl FnOnce(&mut AgentFile)) {
        let mut file = Arc::clone(&self.books.agents[&id]);
        change(Arc::make_mut(&mut file));
        self.books.agents.load(id, file);
    }

    /// How an agent stands from now on, before a story begins.
    pub fn stands(&mut self, agent_id: AgentId, status: AgentStatus) {
        let (id, since) = (self.books.new_id(), self.now());
        self.change_agent(agent_id, |file| {
            file.agent.status = status;
            file.standings.push(agent_standing::Model {
                id,
                agent_id,
                ordinal: file.standings.last().map_or(0, |last| last.ordinal) + 1,
                status,
                since,
                reason: Prose::parse("looked into").expect("prose"),
                set_by: LoginId::from_uuid(Uuid::from_u128(1)),
                transaction_id: None,
            });
        });
    }

    pub fn change_customer(&mut self, id: CustomerId, change: impl FnOnce(&mut CustomerFile)) {
        let mut file = Arc::clone(&self.books.customers[&id]);
        change(Arc::make_mut(&mut file));
        self.books.customers.load(id, file);
    }

    /// A rate from an instant on; it takes the place of one from the same instant.
    pub fn set_rate(&mut self, agent_id: AgentId, from: DateTime<Utc>, basis_points: i64) {
        let row = commission_rate::Model {
            agent_id,
            effective_from: from,
            commission_rate: rate(basis_points),
            reason: Prose::parse("agreed").expect("prose"),
            set_by: None,
            created_at: self.now(),
        };
        self.change_agent(agent_id, |file| {
            file.rates.retain(|other| other.effective_from != from);
            file.rates.push(row);
            file.rates.sort_by_key(|row| row.effective_from);
        });
    }

    /// Ends the customer's time with its agent now, and begins one with another, or with none.
    pub fn affiliate(&mut self, customer_id: CustomerId, agent: Option<AgentId>) {
        let now = self.now();
        let joined_at = self
            .books
            .customers
            .get(&customer_id)
            .map(|file| file.customer.joined_at);
        let beginning = joined_at.expect("a customer");
        let time = agent.map(|agent_id| affiliation::Model {
            id: self.books.new_id(),
            customer_id,
            agent_id,
            method: AffiliationMethod::Assigned,
            typed_number: None,
            link_number: None,
            since: now,
            until: None,
            customer_joined_at: beginning,
        });
        self.change_customer(customer_id, |file| {
            for open in file.affiliations.iter_mut().filter(|a| a.until.is_none()) {
                open.until = Some(now);
            }
            file.affiliations.retain(|a| a.until != Some(a.since));
            file.affiliations.extend(time);
        });
    }

    pub fn product(&mut self, code: &str, kind: ProductKind, price: Money) -> ProductId {
        let id: ProductId = self.books.new_id();
        let product = product::Model {
            id,
            code: name(code),
            name: name(code),
            kind,
            price,
            commissionable: true,
            available: true,
            created_at: self.now(),
            updated_at: self.now(),
        };
        self.books.products.insert(id, product);
        self.products.push(id);
        id
    }

    /// A price of calls from an instant on, billed by `(initial, increment)` seconds.
    pub fn call_rate(
        &mut self,
        prefix: &str,
        from: DateTime<Utc>,
        (price_per_minute, connection_fee): (Money, Money),
        (initial_increment, increment): (i32, i32),
    ) {
        let id: CallRateId = self.books.new_id();
        self.call_rates.push(call_rate::Model {
            id,
            prefix: prefix.into(),
            effective_from: from,
            destination: name("Somewhere"),
            price_per_minute,
            connection_fee,
            initial_increment,
            increment,
        });
        self.books.call_rates = CallRates::new(self.call_rates.clone());
    }

    /// Asks for a charge by its id, as the loader does.
    pub fn recall(&mut self, charge: &charge::Model) {
        let books = &mut self.books;
        let key = (charge.source.clone(), charge.external_id.clone());
        books.charge_keys.insert(charge.id, key);
        let earned = books.added.commissions.iter();
        let mut earned =
            earned.filter(|row| row.charge_id == Some(charge.id) && row.reverses_id.is_none());
        if let Some(row) = earned.next()
            && books.earned.get(&charge.id).is_none()
        {
            books.earned.load(charge.id, Earned::whole(row.clone()));
        }
        let paid = books.added.entries.iter().find(|entry| {
            Some(entry.transaction_id) == charge.transaction_id
                && entry.account == Account::AgentCommission
                && entry.amount.is_negative()
        });
        if let Some(entry) = paid {
            books.paid_with_commission.insert(charge.id, -entry.amount);
        }
    }

    /// Knows the histories of all accounts, as the loader does of those that money came to; and recalls the charges.
    pub fn remember(&mut self) {
        let added = &self.books.added;
        let mut histories = Histories::new();
        for entry in &added.entries {
            let Some(owner) = entry.owner_id else {
                continue;
            };
            if entry.account != Account::CustomerCash {
                continue;
            }
            let mut of = added.transactions.iter();
            let of = of.find(|row| row.id == entry.transaction_id);
            let transaction = of.expect("an entry is of a transaction");
            let beside = added.entries.iter();
            let mut beside = beside.filter(|other| {
                other.transaction_id == entry.transaction_id
                    && other.account == Account::CustomerCash
                    && other.line != entry.line
            });
            let other = beside
                .next()
                .and_then(|other| Some((CustomerId(other.owner_id?), other.amount)));
            histories
                .entry(CustomerId(owner))
                .or_default()
                .push(CashLine {
                    version: entry.version.expect("an owner's"),
                    transaction: transaction.id,
                    kind: transaction.kind,
                    cause: transaction.cause_id,
                    amount: entry.amount,
                    other,
                });
        }
        let charges: Vec<_> = self
            .books
            .charges
            .iter()
            .map(|(_, row)| row.clone())
            .collect();
        for charge in charges {
            self.recall(&charge);
        }
        for transfer in self.books.added.transfers.clone() {
            if self.books.transfers.get(&transfer.id).is_none() {
                self.books.transfers.load(transfer.id, transfer);
            }
        }
        self.books.histories = histories;
    }

    /// The balance that an account begins with.
    pub fn load_customer_balance(&mut self, customer_id: CustomerId, cash: Money, promo: Money) {
        let row = customer_balance::Model {
            customer_id,
            cash,
            cash_version: 0,
            promo,
            promo_version: 0,
            event_seq: 0,
        };
        self.books.customer_balances.load(customer_id, row);
    }

    /// The balance that an agent begins with.
    pub fn load_agent_balance(&mut self, agent_id: AgentId, commission: Money, carry: Exact) {
        let row = agent_balance::Model {
            agent_id,
            commission,
            commission_version: 0,
            held: Money::ZERO,
            held_version: 0,
            reserved: Money::ZERO,
            reserved_version: 0,
            carry,
            event_seq: 0,
        };
        self.books.agent_balances.load(agent_id, row);
    }

    pub fn account_of(&self, agent: AgentId) -> CustomerId {
        self.books.agents[&agent].agent.customer_id
    }

    pub fn number_of(&self, customer: CustomerId) -> AccountNumber {
        self.books.customers[&customer].customer.number.clone()
    }
}
