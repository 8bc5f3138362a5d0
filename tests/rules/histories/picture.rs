//! The books as they stand, to be compared with what they are after a refusal.

use agent_program::program::{Books, DayKey, Fate, Shelf, SlotKey};
use entity::agent::AgentStatus;
use entity::charge::ChargeState;
use entity::customer::Management;
use entity::top_up::TopUpMethod;
use entity::{
    AgentId, ChargeId, CustomerId, FraudCaseId, Money, Name, PayoutId, PlanId, ProposalId, TopUpId,
    TransferId, affiliation, agent_balance, agent_slot, customer_balance, customer_day, desk,
    fraud_case, fraud_case_charge, payout, plan, proposal, top_up, transfer,
};

/// The rows, and how many of them are to be inserted and updated.
type Rows<K, M> = (Vec<(K, M)>, [usize; 2]);

/// Every row in hand, and how many were added to each list.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    agent_balances: Rows<AgentId, agent_balance::Model>,
    customer_balances: Rows<CustomerId, customer_balance::Model>,
    immature: Rows<AgentId, Money>,
    paid_in: Rows<(CustomerId, TopUpMethod), Money>,
    immature_held: Rows<AgentId, Money>,
    charges: Rows<(Name, Name), (ChargeState, Money)>,
    /// What is left of what charges earned.
    earned: Rows<ChargeId, (Money, Money)>,
    fraud_cases: Rows<FraudCaseId, fraud_case::Model>,
    case_charges: Rows<ChargeId, fraud_case_charge::Model>,
    fraud_held: Rows<AgentId, Money>,
    transfers: Rows<TransferId, transfer::Model>,
    proposals: Rows<ProposalId, proposal::Model>,
    top_ups: Rows<TopUpId, top_up::Model>,
    payouts: Rows<PayoutId, payout::Model>,
    plans: Rows<PlanId, plan::Model>,
    desk: Rows<(), desk::Model>,
    slots: Rows<SlotKey, agent_slot::Model>,
    days: Rows<DayKey, customer_day::Model>,
    agents: Rows<AgentId, (AgentStatus, usize)>,
    customers: Rows<CustomerId, (Management, Vec<affiliation::Model>)>,
    added: [usize; 8],
}

fn seen<K: Ord + Clone, M: Clone, T>(shelf: &Shelf<K, M>, what: impl Fn(&M) -> T) -> Rows<K, T> {
    let rows = shelf.iter().map(|(key, row)| (key.clone(), what(row)));
    let fates = [Fate::New, Fate::Changed].map(|fate| shelf.of(fate).count());
    (rows.collect(), fates)
}

fn rows<K: Ord + Clone, M: Clone>(shelf: &Shelf<K, M>) -> Rows<K, M> {
    let rows = shelf.iter().map(|(key, row)| (key.clone(), row.clone()));
    let fates = [Fate::New, Fate::Changed].map(|fate| shelf.of(fate).count());
    (rows.collect(), fates)
}

impl Picture {
    pub fn of(books: &Books) -> Self {
        let added = &books.added;
        Self {
            agent_balances: rows(&books.agent_balances),
            customer_balances: rows(&books.customer_balances),
            immature: rows(&books.immature),
            paid_in: rows(&books.paid_in),
            immature_held: rows(&books.immature_held),
            charges: seen(&books.charges, |row| (row.state, row.refunded)),
            earned: seen(&books.earned, |row| (row.taken, row.net)),
            fraud_cases: rows(&books.fraud_cases),
            case_charges: rows(&books.case_charges),
            fraud_held: rows(&books.fraud_held),
            transfers: rows(&books.transfers),
            proposals: rows(&books.proposals),
            top_ups: rows(&books.top_ups),
            payouts: rows(&books.payouts),
            plans: rows(&books.plans),
            desk: rows(&books.desk),
            slots: rows(&books.slots),
            days: rows(&books.days),
            agents: seen(&books.agents, |file| {
                (file.agent.status, file.standings.len())
            }),
            customers: seen(&books.customers, |file| {
                (file.customer.management, file.affiliations.clone())
            }),
            added: [
                added.transactions.len(),
                added.entries.len(),
                added.commissions.len(),
                added.transfers.len(),
                added.agent_events.len(),
                added.account_events.len(),
                added.desk_events.len(),
                added.standings.len(),
            ],
        }
    }
}
