//! What the writer runs.

use std::collections::BTreeSet;

use entity::top_up::TopUpMethod;
use entity::{
    AccountNumber, AgentId, ChargeId, CustomerId, FraudCaseId, Name, PayoutId, PhoneNumber, PlanId,
    ProductId, TopUpId, TransferId,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::lots::Traced;
use super::noted::Noted;
use super::owner::Owner;
use super::periods::Span;
use super::{Books, Refusal};

/// Something that moves money: it names the rows that it needs, and decides on them.
///
/// Serialized together with [`Command::NAME`] it is what an idempotency key stands for.
pub trait Command: Serialize + Send + Sync + 'static {
    /// Stable: it is part of what an idempotency key stands for.
    const NAME: &'static str;
    /// Kept as JSON with the key, and answered again to whoever repeats the request.
    type Outcome: Serialize + DeserializeOwned + Clone + Send + 'static;

    /// The rows that it reads or changes.
    fn needs(&self, needs: &mut Needs);

    /// How many things it decides: a batch closes when it has enough of them.
    fn weight(&self) -> usize {
        1
    }

    /// Whether it is decided in a batch of its own: what reads histories must not miss what its own batch did to them.
    fn alone(&self) -> bool {
        false
    }

    /// Decides, on books that hold what [`Command::needs`] asked for.
    ///
    /// # Errors
    /// A refusal, in the order that the command's own documentation gives; the caller then undoes what was begun.
    fn decide(&self, books: &mut Books) -> Result<Self::Outcome, Refusal>;

    /// What the audit log says of it once it is done; nothing of what the server does by itself, or where nothing was.
    fn noted(&self, done: &Self::Outcome) -> Option<Noted>;
}

/// The rows that commands need. What it does not name is not on the books.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// With their rates, balances and own telephone accounts.
    pub agents: BTreeSet<AgentId>,
    /// With their balances, affiliations and the agents of these.
    pub customers: BTreeSet<CustomerId>,
    /// Customers by account number.
    pub numbers: BTreeSet<AccountNumber>,
    /// With their customers and products.
    pub plans: BTreeSet<PlanId>,
    /// With their customers and what they are to buy.
    pub top_ups: BTreeSet<TopUpId>,
    /// With their agents and customers.
    pub transfers: BTreeSet<TransferId>,
    /// The histories of all accounts that this money came to, with the charges that it paid for.
    pub traced: BTreeSet<Traced>,
    /// What waits for a second operator.
    pub proposals: BTreeSet<Owner>,
    /// With their agents.
    pub payouts: BTreeSet<PayoutId>,
    pub products: BTreeSet<ProductId>,
    /// Products by code.
    pub product_codes: BTreeSet<Name>,
    /// Charges by source and external id.
    pub charges: BTreeSet<(Name, Name)>,
    /// Charges by id, with their customers, the agents of these, and what they earned.
    pub charge_ids: BTreeSet<ChargeId>,
    /// Charges of a customer that happened within a time, likewise; one more than a fraud case may have, and no further.
    pub charges_of: BTreeSet<(CustomerId, Span)>,
    /// With all their charges, likewise.
    pub fraud_cases: BTreeSet<FraudCaseId>,
    /// What open fraud cases hold of these agents. It comes with charges by id.
    pub fraud_held: BTreeSet<AgentId>,
    /// The call rates of every prefix of these numbers.
    pub calls_to: BTreeSet<PhoneNumber>,
    /// Commission inside the hold period, where the terms have one.
    pub immature: BTreeSet<AgentId>,
    /// What was paid in over the last 24 hours.
    pub paid_in: BTreeSet<(CustomerId, TopUpMethod)>,
    /// The desk, locked.
    pub desk: bool,
}

impl Needs {
    /// An agent, its account and its balances, locked.
    pub fn agent(&mut self, id: AgentId) -> &mut Self {
        self.agents.insert(id);
        self
    }

    /// A customer and its balances, locked.
    pub fn customer(&mut self, id: CustomerId) -> &mut Self {
        self.customers.insert(id);
        self
    }
}
