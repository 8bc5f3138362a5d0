//! The books that a batch has loaded and locked, and what its commands decide on them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::top_up::TopUpMethod;
use entity::{
    AccountNumber, AgentId, ChargeId, CustomerId, FraudCaseId, Money, Name, PayoutId, PlanId,
    ProductId, ProposalId, TopUpId, TransferId, TypedId, account_event, affiliation, agent,
    agent_balance, agent_event, agent_slot, agent_standing, audit_entry, charge, commission,
    commission_rate, customer, customer_balance, customer_day, desk, desk_event, entry, fraud_case,
    fraud_case_charge, payout, plan, product, proposal, top_up, transaction, transfer,
};
use entity::{agent::AgentStatus, charge::ChargeKind};
use uuid::Uuid;

use super::calls::CallRates;
use super::earned::Earned;
use super::figures::AgentFigures;
use super::lots::Histories;
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
    /// In the order of `ordinal`.
    pub standings: Vec<agent_standing::Model>,
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

/// The books, and the way back to where they were. A new shelf or list is one line in the call of this macro.
macro_rules! books {
    (
        $(#[$books_doc:meta])*
        shelves { $($(#[$shelf_doc:meta])* $shelf:ident: $key:ty => $kept:ty,)* }
        $(#[$added_doc:meta])*
        added { $($(#[$list_doc:meta])* $list:ident: $row:ty,)* }
    ) => {
        $(#[$added_doc])*
        #[derive(Clone, Debug, Default)]
        pub struct Added {
            $($(#[$list_doc])* pub $list: Vec<$row>,)*
        }

        $(#[$books_doc])*
        pub struct Books {
            /// Taken after the locks.
            pub now: DateTime<Utc>,
            pub terms: Arc<Terms>,
            ids: IdSource,
            pub numbers: BTreeMap<AccountNumber, CustomerId>,
            pub products: BTreeMap<ProductId, product::Model>,
            pub call_rates: CallRates,
            /// Where the charges that were asked for by id lie on their shelf.
            pub charge_keys: BTreeMap<ChargeId, (Name, Name)>,
            /// What happened to the cash of all accounts that traced money came to (E27, E29).
            pub histories: Histories,
            /// What was paid of these with the commission of the agent whose own telephone account it is (E13).
            pub paid_with_commission: BTreeMap<ChargeId, Money>,
            $($(#[$shelf_doc])* pub $shelf: Shelf<$key, $kept>,)*
            pub added: Added,
        }

        /// Where to come back to when a command is refused.
        struct Mark {
            shelves: ShelfMarks,
            added: AddedMarks,
        }

        struct ShelfMarks {
            $($shelf: usize,)*
        }

        struct AddedMarks {
            $($list: usize,)*
        }

        impl Books {
            /// Empty books.
            #[must_use]
            pub fn new(now: DateTime<Utc>, terms: Arc<Terms>, ids: IdSource) -> Self {
                Self {
                    now,
                    terms,
                    ids,
                    numbers: BTreeMap::new(),
                    products: BTreeMap::new(),
                    call_rates: CallRates::default(),
                    histories: Histories::new(),
                    charge_keys: BTreeMap::new(),
                    paid_with_commission: BTreeMap::new(),
                    $($shelf: Shelf::default(),)*
                    added: Added::default(),
                }
            }

            fn mark(&self) -> Mark {
                Mark {
                    shelves: ShelfMarks { $($shelf: self.$shelf.mark(),)* },
                    added: AddedMarks { $($list: self.added.$list.len(),)* },
                }
            }

            fn back_to(&mut self, mark: &Mark) {
                $(self.$shelf.back_to(mark.shelves.$shelf);)*
                $(self.added.$list.truncate(mark.added.$list);)*
            }
        }
    };
}

books! {
    /// All that the commands of a batch need, loaded and locked, and all that they decided.
    ///
    /// An owner that is touched is here with its balance; an agent always together with its own telephone account, and a
    /// customer together with every agent that it ever had.
    shelves {
        agents: AgentId => Arc<AgentFile>,
        customers: CustomerId => Arc<CustomerFile>,
        agent_balances: AgentId => agent_balance::Model,
        customer_balances: CustomerId => customer_balance::Model,
        /// Commission still inside the hold period (E09), of agents that a payout is decided for.
        immature: AgentId => Money,
        /// Likewise of what is held under a suspension: immature again once it is released.
        immature_held: AgentId => Money,
        /// Paid in over the last 24 hours, failed payments aside (R34).
        paid_in: (CustomerId, TopUpMethod) => Money,
        /// By source and external id (E30).
        charges: (Name, Name) => charge::Model,
        /// What the charges earned that were asked for by id, and what is left of it.
        earned: ChargeId => Earned,
        fraud_cases: FraudCaseId => fraud_case::Model,
        /// Of the cases that are asked for, or are open about charges that are.
        case_charges: ChargeId => fraud_case_charge::Model,
        /// What open cases hold of agents whose held commission is decided on.
        fraud_held: AgentId => Money,
        top_ups: TopUpId => top_up::Model,
        /// Those that were asked for by id; new ones are added.
        transfers: TransferId => transfer::Model,
        /// About those whose money is to be corrected (E17).
        proposals: ProposalId => proposal::Model,
        payouts: PayoutId => payout::Model,
        plans: PlanId => plan::Model,
        /// Key `()`: there is one desk.
        desk: () => desk::Model,
        /// What is added to the roll-ups.
        slots: SlotKey => agent_slot::Model,
        days: DayKey => customer_day::Model,
    }
    /// Rows that are only ever added.
    added {
        transactions: transaction::Model,
        entries: entry::Model,
        commissions: commission::Model,
        transfers: transfer::Model,
        agent_events: agent_event::Model,
        audit_entries: audit_entry::Model,
        account_events: account_event::Model,
        desk_events: desk_event::Model,
        /// One that closes an agent ends its times with all its customers, on the books or not (E23).
        standings: agent_standing::Model,
    }
}

impl Books {
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
