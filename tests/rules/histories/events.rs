//! What owners must hear: once for each transaction that touched them, with their balance right after it.

use std::collections::{BTreeMap, BTreeSet};

use agent_program::program::Books;
use entity::agent_event::{self, AgentEventKind};
use entity::commission;
use entity::desk_event::DeskSubject;
use entity::entry::{self, Account};
use entity::payout::PayoutState;
use entity::transaction::{self, Cause, TransactionKind};
use entity::{AgentId, CustomerId, FraudCaseId, PayoutId, ProposalId, TypedId};
use uuid::Uuid;

use super::model::{Model, ToldOf, units};
use crate::world::World;

impl Model {
    /// Proves the events of one transaction: nobody is forgotten, nobody hears of what is another's.
    pub fn events(
        &mut self,
        world: &World,
        transaction: &transaction::Model,
        (entries, commissions): (&[entry::Model], &[commission::Model]),
        told: Vec<ToldOf>,
    ) {
        let foretold = !told.is_empty();
        let mut customers = BTreeSet::new();
        let mut agents: BTreeMap<AgentId, Vec<(AgentEventKind, Uuid)>> = BTreeMap::new();
        for (agent, kind, subject) in told {
            agents.entry(agent).or_default().push((kind, subject));
        }
        for row in commissions.iter().filter(|_| !foretold) {
            let of = (AgentEventKind::Commission, row.id.uuid());
            agents.entry(row.agent_id).or_default().push(of);
        }
        match transaction.kind {
            TransactionKind::Transfer => {
                let transfer = world.books.added.transfers.last().expect("a transfer");
                let of = (AgentEventKind::Transfer, transaction.cause_id);
                agents.insert(transfer.agent_id, vec![of]);
            }
            TransactionKind::PayoutReserved
            | TransactionKind::PayoutReleased
            | TransactionKind::PayoutSent
            | TransactionKind::PayoutSettled
            | TransactionKind::PayoutReturned => {
                let payout = world.books.payouts.get(&PayoutId(transaction.cause_id));
                let agent = payout.expect("a payout").agent_id;
                let of = (AgentEventKind::Payout, transaction.cause_id);
                agents.insert(agent, vec![of]);
            }
            _ => {}
        }
        let touched = entries.iter().filter_map(|entry| {
            let owner = entry.owner_id?;
            match entry.account {
                Account::CustomerCash | Account::CustomerPromo => {
                    customers.insert(CustomerId(owner));
                    world.books.customers[&CustomerId(owner)].own_of
                }
                _ => Some(AgentId(owner)),
            }
        });
        for agent in touched {
            agents
                .entry(agent)
                .or_insert_with(|| match (transaction.kind, transaction.cause) {
                    (
                        TransactionKind::CommissionReleased | TransactionKind::CommissionForfeited,
                        Cause::Agent,
                    ) => {
                        let standings = &world.books.agents[&agent].standings;
                        let newest = standings.last().expect("a standing");
                        vec![(AgentEventKind::Standing, newest.id.uuid())]
                    }
                    (TransactionKind::CommissionForfeited, Cause::Commission) => {
                        vec![(AgentEventKind::Commission, transaction.cause_id)]
                    }
                    _ => vec![(AgentEventKind::OwnAccount, transaction.cause_id)],
                });
        }
        self.account_events(world, transaction, customers);
        for (agent, heard) in agents {
            for (kind, subject) in heard {
                let event = &world.books.added.agent_events[self.read.agent_events];
                assert_eq!(event.transaction_id, Some(transaction.id));
                let is = (event.agent_id, event.kind, event.subject_id);
                assert_eq!(is, (agent, kind, subject), "told of each, in order");
                self.agent_event(world, event);
            }
        }
    }

    fn account_events(
        &mut self,
        world: &World,
        transaction: &transaction::Model,
        mut customers: BTreeSet<CustomerId>,
    ) {
        for _ in 0..customers.len() {
            let event = &world.books.added.account_events[self.read.account_events];
            self.read.account_events += 1;
            assert_eq!(event.transaction_id, transaction.id);
            assert!(customers.remove(&event.customer_id), "told once each");
            let seq = self.account_seqs.entry(event.customer_id).or_default();
            *seq += 1;
            assert_eq!(event.seq, *seq, "a gap");
            assert_eq!(event.occurred_at, world.now());
            let owner = event.customer_id.uuid();
            let cash = self.balance(Account::CustomerCash, owner);
            let promo = self.balance(Account::CustomerPromo, owner);
            assert_eq!((units(event.cash), units(event.promo)), (cash, promo));
        }
    }

    /// What moves nothing: an approval, and another standing of an agent of which nothing was held.
    pub fn events_without_transaction(&mut self, world: &World) {
        let events = &world.books.added.agent_events;
        while let Some(event) = events.get(self.read.agent_events)
            && event.transaction_id.is_none()
        {
            let state = (event.kind, event.payout_state);
            let approved = (AgentEventKind::Payout, Some(PayoutState::Approved));
            let stands = (AgentEventKind::Standing, None);
            assert!(state == approved || state == stands, "{state:?}");
            self.agent_event(world, event);
        }
    }

    fn agent_event(&mut self, world: &World, event: &agent_event::Model) {
        self.read.agent_events += 1;
        let seq = self.agent_seqs.entry(event.agent_id).or_default();
        *seq += 1;
        assert_eq!(event.seq, *seq, "a gap");
        assert_eq!(event.occurred_at, world.now());
        assert_eq!(event.commission_rate, None);
        let owner = event.agent_id.uuid();
        let told = [
            units(event.funding),
            units(event.commission),
            units(event.held),
            units(event.reserved),
            i128::from(event.carry.units()),
        ];
        let is = [
            self.funding(world, event.agent_id),
            self.balance(Account::AgentCommission, owner),
            self.balance(Account::AgentHeld, owner),
            self.balance(Account::AgentReserved, owner),
            self.carries[&event.agent_id],
        ];
        assert_eq!(told, is, "what {:?} told", event.kind);
        let payout = world.books.payouts.get(&PayoutId(event.subject_id));
        let state = payout
            .filter(|_| event.kind == AgentEventKind::Payout)
            .map(|payout| payout.state);
        assert_eq!(event.payout_state, state);
    }

    /// The desk hears of each payout, case and proposal once.
    pub fn desk_events(&mut self, books: &Books) {
        for event in &books.added.desk_events[self.read.desk_events..] {
            self.read.desk_events += 1;
            assert_eq!(
                usize::try_from(event.seq),
                Ok(self.read.desk_events),
                "a gap"
            );
            let id = event.subject_id;
            let asked_at = match event.subject {
                DeskSubject::Payout => books.payouts[&PayoutId(id)].requested_at,
                DeskSubject::FraudCase => books.fraud_cases[&FraudCaseId(id)].opened_at,
                DeskSubject::Proposal => books.proposals[&ProposalId(id)].created_at,
                DeskSubject::Application => panic!("nobody applies"),
            };
            assert_eq!((asked_at, event.occurred_at), (books.now, books.now));
        }
        let cases = books.fraud_cases.iter().count();
        let all = books.payouts.iter().count() + cases + self.proposals;
        assert_eq!(self.cases.len(), cases);
        assert_eq!(self.read.desk_events, all, "the desk hears of each once");
    }
}
