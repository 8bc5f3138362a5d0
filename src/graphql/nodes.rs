//! The types that wrap rows, and what they have in common. What each shows stands in the file of its story.

use async_graphql::{ID, Interface};
use entity::{
    AgentId, agent, api_key, application, audit_entry, call_rate, charge, commission, customer,
    fraud_case, login, payout, plan, product, proposal, top_up, transaction, transfer,
};

macro_rules! wrappers {
    ($($(#[$doc:meta])* $name:ident($row:ident);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub $row::Model);

        impl From<$row::Model> for $name {
            fn from(row: $row::Model) -> Self {
                Self(row)
            }
        }
    )*};
}

wrappers! {
    /// A login.
    User(login);
    /// A reseller of the program.
    Agent(agent);
    /// What others may see of an agent.
    AgentProfile(agent);
    /// A request to become an agent.
    Application(application);
    /// A thing on the price list.
    Product(product);
    /// The public price of calls to a prefix.
    CallRate(call_rate);
    /// A monthly fee that runs.
    Plan(plan);
    /// A paid, or free, call, service or monthly fee.
    Charge(charge);
    /// What a charge earned an agent, or what was taken back.
    Commission(commission);
    /// Money paid in.
    TopUp(top_up);
    /// Funds from an agent to one of its customers.
    Transfer(transfer);
    /// An agent's request for money.
    Payout(payout);
    /// What waits for a second operator.
    Proposal(proposal);
    /// Charges under suspicion.
    FraudCase(fraud_case);
    /// A line of the audit log.
    AuditEntry(audit_entry);
    /// A balanced set of ledger entries.
    Transaction(transaction);
    /// A machine's key.
    ApiKey(api_key);
}

/// A telephone account.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Itself.
    pub row: customer::Model,
    /// Its agent of record, where the list that it was found in has said so already.
    pub agent: Option<AgentId>,
}

impl Customer {
    /// One of an agent's customers; of anybody's, without an agent.
    #[must_use]
    pub fn of(row: customer::Model, agent: Option<AgentId>) -> Self {
        Self { row, agent }
    }
}

impl From<customer::Model> for Customer {
    fn from(row: customer::Model) -> Self {
        Self::of(row, None)
    }
}

/// Anything with a global id: a typed prefix, an underscore and opaque letters, such as `agt_…` (an agent), `cus_…` (a
/// customer), `chg_…`, `com_…`, `txn_…`, `trf_…`, `pay_…`, `top_…`, `pln_…`, `app_…`, `prd_…`, `prp_…`, `key_…`, `frd_…`, `aud_…`, `usr_…`. An id never
/// changes and is never given to another thing.
#[derive(Interface, Clone, Debug)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "The global id, for `node` and wherever an id is asked for."
))]
pub enum Node {
    User(User),
    Agent(Agent),
    Customer(Customer),
    Application(Application),
    Product(Product),
    Plan(Plan),
    Charge(Charge),
    Commission(Commission),
    TopUp(TopUp),
    Transfer(Transfer),
    Payout(Payout),
    Transaction(Transaction),
    ApiKey(ApiKey),
    Proposal(Proposal),
    FraudCase(FraudCase),
    AuditEntry(AuditEntry),
}
