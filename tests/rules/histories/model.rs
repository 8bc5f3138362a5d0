//! What the ledger must be, counted by hand: sums of entries in `i128`, and nothing of the code that is tested.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use agent_program::program::Books;
use chrono::{DateTime, Utc};
use entity::agent::AgentStatus;
use entity::agent_event::AgentEventKind;
use entity::charge::{self, ChargeKind};
use entity::commission;
use entity::entry::{self, Account};
use entity::fraud_case::FraudCaseState;
use entity::payout::PayoutState;
use entity::transaction::{self, TransactionKind};
use entity::{AgentId, ChargeId, CustomerId, FraudCaseId, Money, Name, TypedId};
use uuid::Uuid;

use super::expected::{Act, Earning, Expected};
use super::moves::{became, immature, immature_held};
use super::purses::Purses;
use crate::world::World;

pub type Place = (Account, Option<Uuid>);
/// Who hears, of what kind of thing, and which.
pub type ToldOf = (AgentId, AgentEventKind, Uuid);

/// One account of the ledger.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    pub balance: i128,
    pub version: i64,
}

/// How far the rows that are only ever added were read.
#[derive(Default)]
pub struct Read {
    pub transactions: usize,
    pub entries: usize,
    pub commissions: usize,
    pub agent_events: usize,
    pub account_events: usize,
    pub desk_events: usize,
}

#[derive(Default)]
pub struct Model {
    pub lines: BTreeMap<Place, Line>,
    /// By agent, in 1/100000000.
    pub carries: BTreeMap<AgentId, i128>,
    /// By agent: exact, and what was posted of it, both in 1/100000000.
    pub earned: BTreeMap<AgentId, (i128, i128)>,
    pub first_carries: BTreeMap<AgentId, i128>,
    pub agent_seqs: BTreeMap<AgentId, i64>,
    pub account_seqs: BTreeMap<CustomerId, i64>,
    pub read: Read,
    pub charges: BTreeMap<(Name, Name), charge::Model>,
    pub keys: BTreeMap<ChargeId, (Name, Name)>,
    /// With what charges were paid: promo, cash, an agent's own commission.
    pub paid: BTreeMap<ChargeId, (i128, i128, i128)>,
    pub earnings: BTreeMap<ChargeId, Earning>,
    pub cases: BTreeMap<FraudCaseId, (FraudCaseState, Vec<ChargeId>)>,
    /// What open cases hold.
    pub holds: BTreeMap<ChargeId, i128>,
    pub purses: Purses,
    /// How many acts wait for a second operator, or waited.
    pub proposals: usize,
    /// What was decided just now, until it is followed.
    pub act: Option<Act>,
    /// The transactions that it must be made of.
    pub foretold: VecDeque<Expected>,
    pub slots: BTreeMap<(AgentId, i64, ChargeKind), [i128; 7]>,
    pub days: BTreeMap<(AgentId, CustomerId, i64), [i128; 7]>,
}

pub fn units(amount: Money) -> i128 {
    i128::from(amount.units())
}

impl Model {
    /// Takes the balances that the world begins with as given.
    pub fn new(world: &World) -> Self {
        let mut model = Self::default();
        for (id, row) in world.books.agent_balances.iter() {
            model.open((Account::AgentCommission, Some(id.uuid())), row.commission);
            let carry = i128::from(row.carry.units());
            model.carries.insert(*id, carry);
            model.first_carries.insert(*id, carry);
        }
        for (id, row) in world.books.customer_balances.iter() {
            model.open((Account::CustomerCash, Some(id.uuid())), row.cash);
            model.purses.open(*id, units(row.cash));
            model.open((Account::CustomerPromo, Some(id.uuid())), row.promo);
        }
        model
    }

    fn open(&mut self, place: Place, amount: Money) {
        self.lines.entry(place).or_default().balance += units(amount);
        let other = (Account::ExpenseAdjustment, None);
        self.lines.entry(other).or_default().balance -= units(amount);
    }

    pub fn balance(&self, account: Account, owner: Uuid) -> i128 {
        self.house((account, Some(owner)))
    }

    pub fn house(&self, place: Place) -> i128 {
        self.lines.get(&place).map_or(0, |line| line.balance)
    }

    /// Reads what was added since, and proves it (1, 2, 4 to 8, 10).
    pub fn follow(&mut self, world: &World) {
        let books = &world.books;
        let added = &books.added;
        let fresh: Vec<charge::Model> = books
            .charges
            .iter()
            .filter(|(key, _)| !self.charges.contains_key(*key))
            .map(|(_, charge)| charge.clone())
            .collect();
        if let Some(act) = self.act.take() {
            self.begin(world, act);
        }
        for transaction in &added.transactions[self.read.transactions..] {
            self.events_without_transaction(world);
            let entries = &added.entries[self.read.entries..];
            let entries: Vec<_> = entries
                .iter()
                .take_while(|entry| entry.transaction_id == transaction.id)
                .cloned()
                .collect();
            let commissions: Vec<_> = added.commissions[self.read.commissions..]
                .iter()
                .take_while(|row| row.transaction_id == transaction.id)
                .cloned()
                .collect();
            let charge = fresh
                .iter()
                .find(|charge| charge.transaction_id == Some(transaction.id));
            let told = self.transaction(world, transaction, &entries, charge, &commissions);
            self.purses.follow(transaction, &entries);
            self.read.transactions += 1;
            self.read.entries += entries.len();
            self.read.commissions += commissions.len();
            self.events(world, transaction, (&entries, &commissions), told);
        }
        assert!(
            self.foretold.is_empty(),
            "did not happen: {:?}",
            self.foretold
        );
        self.events_without_transaction(world);
        assert_eq!(self.read.entries, added.entries.len(), "strange entries");
        assert_eq!(self.read.commissions, added.commissions.len());
        assert_eq!(self.read.agent_events, added.agent_events.len());
        assert_eq!(self.read.account_events, added.account_events.len());
        self.desk_events(books);
        self.charges_once(world, fresh);
        self.balances(books);
        self.payouts(books);
        self.held(world);
        for (id, row) in books.customer_balances.iter() {
            assert_eq!(self.purses.balance(*id), units(row.cash), "E29: {id}");
        }
        for (id, sum) in books.immature.iter() {
            assert_eq!(units(*sum), immature(world, *id), "E09");
        }
        for (id, sum) in books.immature_held.iter() {
            assert_eq!(units(*sum), immature_held(world, *id), "E09");
        }
    }

    fn transaction(
        &mut self,
        world: &World,
        transaction: &transaction::Model,
        entries: &[entry::Model],
        charge: Option<&charge::Model>,
        commissions: &[commission::Model],
    ) -> Vec<ToldOf> {
        assert_eq!(transaction.created_at, world.now());
        let mut told = Vec::new();
        let foretold = self.as_foretold(world, transaction, commissions);
        let expected = if let Some((moves, tells)) = foretold {
            told = tells;
            moves
        } else if let Some(charge) = charge {
            assert_eq!(transaction.kind, TransactionKind::Charge);
            assert_eq!(transaction.cause_id, charge.id.uuid());
            assert_eq!(transaction.occurred_at, charge.occurred_at);
            self.charge(world, charge, commissions)
        } else {
            let bonus = transaction.kind == TransactionKind::Bonus;
            assert_eq!(
                commissions.len(),
                usize::from(bonus),
                "earned without a charge (E02)"
            );
            if let [row] = commissions {
                self.bonus(world, transaction, row)
            } else {
                self.moves(world, transaction, entries)
            }
        };
        let mut found: BTreeMap<Place, i128> = BTreeMap::new();
        for (entry, line) in entries.iter().zip(1..) {
            assert_eq!(entry.line, line);
            let place = (entry.account, entry.owner_id);
            let twice = found.insert(place, units(entry.amount));
            assert_eq!(twice, None, "an account twice in a transaction");
        }
        assert_eq!(found, expected, "{:?} moved otherwise", transaction.kind);
        assert_eq!(found.values().sum::<i128>(), 0, "1: does not sum to zero");
        let may_owe = charge.is_some_and(|charge| {
            charge.kind == ChargeKind::Call || charge.external_id.as_str().starts_with("top_")
        });
        let may_owe = may_owe || transaction.kind == TransactionKind::TopUpReversed;
        for entry in entries {
            let takes = commissions.iter().any(|row| {
                row.reverses_id.is_some() && Some(row.agent_id.uuid()) == entry.owner_id
            });
            self.entry(entry, (may_owe, takes));
        }
        told
    }

    fn entry(&mut self, entry: &entry::Model, (may_owe, takes): (bool, bool)) {
        let line = self
            .lines
            .entry((entry.account, entry.owner_id))
            .or_default();
        let before = line.balance;
        line.balance += units(entry.amount);
        line.version += 1;
        let after = line.balance;
        match entry.owner_id {
            Some(_) => {
                assert_eq!(entry.version, Some(line.version), "2: a gap of versions");
                assert_eq!(entry.balance_after.map(units), Some(after), "2: {entry:?}");
            }
            None => assert_eq!((entry.version, entry.balance_after), (None, None)),
        }
        let lawful = match entry.account {
            Account::CustomerPromo | Account::AgentHeld | Account::AgentReserved => after >= 0,
            Account::AgentCommission => after >= 0 || after > before || takes,
            Account::CustomerCash => after >= 0 || after > before || may_owe,
            _ => true,
        };
        assert!(lawful, "7: below zero: {entry:?}");
    }

    fn balances(&self, books: &Books) {
        let all: i128 = self.lines.values().map(|line| line.balance).sum();
        assert_eq!(all, 0, "1: all balances sum to zero");
        for (id, row) in books.agent_balances.iter() {
            for (account, balance, version) in [
                (
                    Account::AgentCommission,
                    row.commission,
                    row.commission_version,
                ),
                (Account::AgentHeld, row.held, row.held_version),
                (Account::AgentReserved, row.reserved, row.reserved_version),
            ] {
                self.agrees((account, Some(id.uuid())), balance, version);
            }
            let carry = i128::from(row.carry.units());
            assert!((0..10_000).contains(&carry), "4: the carry of {id}");
            let (exact, posted) = self.earned.get(id).copied().unwrap_or_default();
            let first = self.first_carries[id];
            assert_eq!(posted + carry, exact + first, "4: lost of {id}");
            let seq = self.agent_seqs.get(id).copied().unwrap_or_default();
            assert_eq!(row.event_seq, seq);
        }
        for (id, row) in books.customer_balances.iter() {
            let owner = Some(id.uuid());
            self.agrees((Account::CustomerCash, owner), row.cash, row.cash_version);
            self.agrees(
                (Account::CustomerPromo, owner),
                row.promo,
                row.promo_version,
            );
            let seq = self.account_seqs.get(id).copied().unwrap_or_default();
            assert_eq!(row.event_seq, seq);
        }
    }

    fn agrees(&self, place: Place, balance: Money, version: i64) {
        let line = self.lines.get(&place).copied().unwrap_or_default();
        assert_eq!(units(balance), line.balance, "2: {place:?}");
        assert_eq!(version, line.version, "2: {place:?}");
    }

    /// 8: reserved and in transit are what the payouts say.
    fn payouts(&self, books: &Books) {
        let mut reserved: BTreeMap<AgentId, i128> = BTreeMap::new();
        let mut in_transit = 0;
        for (_, payout) in books.payouts.iter() {
            assert_eq!(payout.gross, payout.fee + payout.net);
            assert_eq!(payout.gross, payout.from_commission + payout.from_funding);
            match payout.state {
                PayoutState::Requested | PayoutState::Approved => {
                    *reserved.entry(payout.agent_id).or_default() += units(payout.gross);
                }
                PayoutState::Sent => in_transit += units(payout.net),
                PayoutState::Paid
                | PayoutState::Cancelled
                | PayoutState::Rejected
                | PayoutState::Returned => {}
            }
        }
        for (id, _) in books.agents.iter() {
            let open = reserved.get(id).copied().unwrap_or_default();
            let found = self.balance(Account::AgentReserved, id.uuid());
            assert_eq!(found, open, "8: reserved of {id}");
        }
        let found = self.house((Account::PayoutsInTransit, None));
        assert_eq!(found, in_transit, "8: in transit");
    }

    /// What is held is what cases hold, and what was earned under suspensions that last: counted row by row, but for the
    /// last 0.0001 of what was taken back, which the carry may have taken elsewhere.
    fn held(&self, world: &World) {
        let books = &world.books;
        for (charge, row) in books.case_charges.iter() {
            let held = self.holds.get(charge).copied().unwrap_or_default();
            assert_eq!(units(row.held), held, "E28: held of {charge}");
        }
        for (id, file) in books.agents.iter() {
            let (mut waits, mut clawbacks) = (0, 0);
            for row in books
                .added
                .commissions
                .iter()
                .filter(|row| row.agent_id == *id)
            {
                if row.suspension_id.is_some() && became(world, row).is_none() {
                    waits += units(row.amount);
                    clawbacks += i128::from(row.reverses_id.is_some());
                }
            }
            let free = self.holds.iter().filter(|(charge, _)| {
                let row = &self.earnings[*charge].row;
                row.agent_id == *id && (row.suspension_id.is_none() || became(world, row).is_some())
            });
            let free: i128 = free.map(|(_, held)| held).sum();
            let held = self.balance(Account::AgentHeld, id.uuid());
            let off = held - free - waits;
            assert!(
                (0..=clawbacks).contains(&off),
                "E22, E28: held of {id}: {off}"
            );
            let by_cases = self.holds_of(*id);
            let stands = file.agent.status;
            assert!(held == by_cases || stands == AgentStatus::Suspended && held > by_cases);
        }
        let charges = self.charges.values();
        for charge in charges {
            assert!(
                charge.refunded <= charge.amount && !charge.refunded.is_negative(),
                "6"
            );
        }
        for earning in self.earnings.values() {
            assert!((0..=units(earning.row.base)).contains(&earning.taken), "6");
            assert!(earning.net >= -earning.clawbacks, "6: {}", earning.net);
        }
    }

    /// 11: one agent at a time, and no circle.
    pub fn affiliations(world: &World) {
        for (id, file) in world.books.customers.iter() {
            let mut times = file.affiliations.clone();
            times.sort_by_key(|time| time.since);
            for pair in times.windows(2) {
                assert!(pair[0].until.is_some_and(|until| until <= pair[1].since));
            }
            let mut seen = BTreeSet::from([*id]);
            let mut at = *id;
            while let Some(agent) = open_agent(world, at) {
                at = world.account_of(agent);
                assert!(seen.insert(at), "11: a circle through {id}");
            }
        }
    }
}

/// The agent of record now.
pub fn open_agent(world: &World, customer: CustomerId) -> Option<AgentId> {
    let times = &world.books.customers[&customer].affiliations;
    let open: Vec<_> = times.iter().filter(|time| time.until.is_none()).collect();
    assert!(open.len() <= 1, "11: two agents at once");
    open.first().map(|time| time.agent_id)
}

pub fn status(world: &World, agent: AgentId) -> AgentStatus {
    let file = &world.books.agents[&agent];
    let newest = file.standings.last().map(|standing| standing.status);
    assert_eq!(file.agent.status, newest.unwrap_or(AgentStatus::Active));
    file.agent.status
}

/// How an agent stood at an instant, and what became of the suspension that it was under (E22, E23).
pub fn stood(
    world: &World,
    agent: AgentId,
    at: DateTime<Utc>,
) -> (AgentStatus, Option<AgentStatus>) {
    let standings = &world.books.agents[&agent].standings;
    let begun = standings.iter().filter(|standing| standing.since <= at);
    let Some(last) = begun.max_by_key(|standing| standing.ordinal) else {
        return (AgentStatus::Active, None);
    };
    let next = standings
        .iter()
        .find(|standing| standing.ordinal == last.ordinal + 1);
    (last.status, next.map(|next| next.status))
}
