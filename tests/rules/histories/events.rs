//! What owners must hear: once for each transaction that touched them, with their balance right after it.

use std::collections::{BTreeMap, BTreeSet};

use agent_program::program::Books;
use entity::agent_event::{self, AgentEventKind};
use entity::commission;
use entity::desk_event::DeskSubject;
use entity::entry::{self, Account};
use entity::payout::PayoutState;
use entity::transaction::{self, Cause, TransactionKind};
use entity::{AgentId, CustomerId, PayoutId, TypedId};

use super::model::{Model, units};
use crate::world::World;

impl Model {
    /// Proves the events of one transaction: nobody is forgotten, nobody hears of what is another's.
    pub fn events(
        &mut self,
        world: &World,
        transaction: &transaction::Model,
        entries: &[entry::Model],
        commissions: &[commission::Model],
    ) {
        let mut customers = BTreeSet::new();
        let mut agents: BTreeMap<AgentId, AgentEventKind> = BTreeMap::new();
        for entry in entries {
            let Some(owner) = entry.owner_id else {
                continue;
            };
            let agent = match entry.account {
                Account::CustomerCash | Account::CustomerPromo => {
                    customers.insert(CustomerId(owner));
                    world.books.customers[&CustomerId(owner)].own_of
                }
                _ => Some(AgentId(owner)),
            };
            agents.extend(agent.map(|agent| (agent, AgentEventKind::OwnAccount)));
        }
        for row in commissions {
            agents.insert(row.agent_id, AgentEventKind::Commission);
        }
        match transaction.kind {
            TransactionKind::Transfer => {
                let transfer = world.books.added.transfers.last().expect("a transfer");
                agents.insert(transfer.agent_id, AgentEventKind::Transfer);
            }
            TransactionKind::PayoutReserved
            | TransactionKind::PayoutReleased
            | TransactionKind::PayoutSent
            | TransactionKind::PayoutSettled
            | TransactionKind::PayoutReturned => {
                let payout = world.books.payouts.get(&PayoutId(transaction.cause_id));
                let agent = payout.expect("a payout").agent_id;
                agents.insert(agent, AgentEventKind::Payout);
            }
            TransactionKind::CommissionReleased | TransactionKind::CommissionForfeited => {
                let kind = match transaction.cause {
                    Cause::Agent => AgentEventKind::Standing,
                    _ => AgentEventKind::Commission,
                };
                for told in agents.values_mut() {
                    *told = kind;
                }
            }
            _ => {}
        }
        self.account_events(world, transaction, customers);
        for _ in 0..agents.len() {
            let event = &world.books.added.agent_events[self.read.agent_events];
            assert_eq!(event.transaction_id, Some(transaction.id));
            let kind = agents.remove(&event.agent_id).expect("told once each");
            assert_eq!(event.kind, kind);
            let standings = &world.books.agents[&event.agent_id].standings;
            let subject = match commissions {
                _ if kind == AgentEventKind::Standing => {
                    standings.last().expect("a standing").id.uuid()
                }
                [row] if kind == AgentEventKind::Commission => row.id.uuid(),
                _ => transaction.cause_id,
            };
            assert_eq!(event.subject_id, subject);
            self.agent_event(world, event);
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

    /// The desk hears of each payout once.
    pub fn desk_events(&mut self, books: &Books) {
        for event in &books.added.desk_events[self.read.desk_events..] {
            self.read.desk_events += 1;
            assert_eq!(
                usize::try_from(event.seq),
                Ok(self.read.desk_events),
                "a gap"
            );
            assert_eq!(event.subject, DeskSubject::Payout);
            let payout = books.payouts.get(&PayoutId(event.subject_id));
            assert_eq!(payout.expect("a payout").requested_at, books.now);
        }
        assert_eq!(self.read.desk_events, books.payouts.iter().count());
    }
}
