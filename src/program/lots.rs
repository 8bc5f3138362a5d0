//! Which money paid for what: first in, first out over the history of telephone accounts (E27, E29).
//!
//! Every credit of cash is a lot. A debit takes from the oldest lots; what no lot covers is a debt, which the next
//! credits pay, the oldest first. A transfer hands on what it was made of, so money is known however often it was passed
//! on; whatever undoes something gives back the very money that it had taken.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use entity::transaction::TransactionKind;
use entity::{ChargeId, CustomerId, Money, TopUpId, TransactionId, TransferId, TypedId};
use uuid::Uuid;

use super::slices::{Slice, SourceId, last_of, slice, some, sum};

/// An entry of an account's cash, with what is known of its transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CashLine {
    /// 1, 2, 3 … on its account.
    pub version: i64,
    pub transaction: TransactionId,
    pub kind: TransactionKind,
    /// The top-up, charge, transfer or payout, by `kind`.
    pub cause: Uuid,
    pub amount: Money,
    /// The other account whose cash the transaction moves, and by how much: funds between an agent's own account and a
    /// customer's.
    pub other: Option<(CustomerId, Money)>,
}

/// The whole histories of some accounts, each from its first entry on and in the order of its versions.
pub type Histories = BTreeMap<CustomerId, Vec<CashLine>>;

/// Money that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Traced {
    TopUp(TopUpId),
    Transfer(TransferId),
}

/// What made a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Credit {
    TopUp(TopUpId),
    Transfer(TransferId),
    /// The house's money, or money whose way nobody follows.
    Other,
}

/// Money of one way: the credit that brought it here, and what it was where the transfer took it from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Source {
    credit: Credit,
    /// `None` for what a transfer took from commission, and for all that is no transfer.
    before: Option<SourceId>,
    /// Where it came into the network.
    top_up: Option<TopUpId>,
}

/// Money of nobody's interest.
const OTHER: SourceId = 0;

#[derive(Clone, Copy, Debug)]
struct Debt {
    /// The call that was more than there was; `None` for a top-up that was charged back.
    charge: Option<Uuid>,
    amount: Money,
}

/// What is on an account: lots or debts, the oldest first; never both.
#[derive(Clone, Debug, Default)]
struct Queue {
    lots: VecDeque<Slice>,
    debts: VecDeque<Debt>,
}

/// Where all money is, and what each charge was paid with, at the end of the histories.
#[derive(Clone, Debug)]
pub struct Lots {
    sources: Vec<Source>,
    known: HashMap<Source, SourceId>,
    accounts: BTreeMap<CustomerId, Queue>,
    /// What each charge was paid with, less what was refunded of it.
    paid: HashMap<Uuid, Vec<Slice>>,
    /// What open payouts took.
    payouts: HashMap<Uuid, Vec<Slice>>,
    /// What transfers brought to accounts that are not among the histories.
    away: HashMap<Uuid, (CustomerId, Vec<Slice>)>,
    /// Accounts that are not among the histories, and gave something back to one that is.
    gave_back: BTreeSet<CustomerId>,
}

impl Lots {
    /// Replays the histories; money from and to other accounts is not followed.
    #[must_use]
    pub fn replay(histories: &Histories) -> Self {
        let other = Source {
            credit: Credit::Other,
            before: None,
            top_up: None,
        };
        let mut lots = Self {
            sources: vec![other],
            known: HashMap::from([(other, OTHER)]),
            accounts: histories.keys().map(|id| (*id, Queue::default())).collect(),
            paid: HashMap::new(),
            payouts: HashMap::new(),
            away: HashMap::new(),
            gave_back: BTreeSet::new(),
        };
        lots.run(histories);
        lots
    }

    /// How much of a top-up each charge was paid with, less what was refunded of it (E29).
    #[must_use]
    pub fn paid_by(&self, top_up: TopUpId) -> BTreeMap<ChargeId, Money> {
        let paid = self.paid.iter().map(|(charge, slices)| {
            let of_it = slices
                .iter()
                .filter(|slice| self.sources[slice.source].top_up == Some(top_up));
            (
                ChargeId::from_uuid(*charge),
                of_it.map(|slice| slice.amount).sum(),
            )
        });
        paid.filter(|(_, amount): &(_, Money)| amount.is_positive())
            .collect()
    }

    /// What a customer has not spent of a transfer: what of it was funding, and what commission (E27).
    ///
    /// With a `most`, the last of it, which would be spent last.
    #[must_use]
    pub fn unspent(
        &self,
        customer: CustomerId,
        transfer: TransferId,
        most: Option<Money>,
    ) -> (Money, Money) {
        let (mut funding, mut commission) = (Money::ZERO, Money::ZERO);
        let mut left = most;
        let queue = self.accounts.get(&customer);
        for slice in queue.into_iter().flat_map(|queue| queue.lots.iter().rev()) {
            let source = &self.sources[slice.source];
            if source.credit != Credit::Transfer(transfer) {
                continue;
            }
            let amount = left.map_or(slice.amount, |left| left.min(slice.amount));
            left = left.map(|left| left - amount);
            match source.before {
                Some(_) => funding += amount,
                None => commission += amount,
            }
        }
        (funding, commission)
    }

    /// The accounts whose histories have to be known as well, to know all of some money.
    #[must_use]
    pub fn beyond(&self, traced: &BTreeSet<Traced>) -> BTreeSet<CustomerId> {
        let mut beyond = self.gave_back.clone();
        for (customer, slices) in self.away.values() {
            if slices.iter().any(|slice| self.is_of(slice.source, traced)) {
                beyond.insert(*customer);
            }
        }
        beyond
    }

    /// Whether money is, or was on its way, some that is traced.
    fn is_of(&self, source: SourceId, traced: &BTreeSet<Traced>) -> bool {
        let mut at = Some(source);
        while let Some(id) = at {
            let source = self.sources[id];
            let found = match source.credit {
                Credit::TopUp(id) => traced.contains(&Traced::TopUp(id)),
                Credit::Transfer(id) => traced.contains(&Traced::Transfer(id)),
                Credit::Other => false,
            };
            if found {
                return true;
            }
            at = source.before;
        }
        false
    }

    /// Every transaction when it is the next of each account that it touches.
    fn run(&mut self, histories: &Histories) {
        let mut next: BTreeMap<CustomerId, usize> = histories.keys().map(|id| (*id, 0)).collect();
        let mut done: HashSet<TransactionId> = HashSet::new();
        // The last is looked at: it may wait for another, which is then put behind it.
        let mut stack: Vec<CustomerId> = histories.keys().copied().collect();
        let mut stalled = 0;
        while let Some(&account) = stack.last() {
            let Some(line) = histories[&account].get(next[&account]) else {
                stack.pop();
                continue;
            };
            let ahead = line.other.map(|(other, _)| other).filter(|other| {
                let head = histories
                    .get(other)
                    .and_then(|lines| lines.get(next[other]));
                head.is_some_and(|head| head.transaction != line.transaction)
            });
            // Two accounts never wait for each other; in damaged books the first does not wait for ever.
            if let Some(other) = ahead
                && !done.contains(&line.transaction)
                && stalled <= histories.len()
            {
                stalled += 1;
                stack.push(other);
                continue;
            }
            stalled = 0;
            if done.insert(line.transaction) {
                self.enter(account, line);
            }
            *next.get_mut(&account).expect("it is among the histories") += 1;
        }
    }

    /// All that a transaction does, by its line on one account.
    fn enter(&mut self, account: CustomerId, line: &CashLine) {
        let cause = line.cause;
        match line.kind {
            TransactionKind::Transfer => self.transfer(account, line),
            TransactionKind::TransferReversed => self.reverse_transfer(account, line),
            TransactionKind::TopUp => {
                let top_up = TopUpId::from_uuid(cause);
                let source = self.source(Source {
                    credit: Credit::TopUp(top_up),
                    before: None,
                    top_up: Some(top_up),
                });
                self.give(account, vec![slice(source, line.amount)]);
            }
            TransactionKind::TopUpReversed => {
                // What is left of it, before anything else; not what came back to the account on another way.
                let credit = Credit::TopUp(TopUpId::from_uuid(cause));
                let owed = -line.amount;
                let own = self.take_last(account, owed, |source| source.credit == credit);
                let (_, short) = self.take(account, owed - sum(&own));
                self.owe(account, None, short);
            }
            TransactionKind::Charge => {
                let (paid, short) = self.take(account, -line.amount);
                self.paid.entry(cause).or_default().extend(paid);
                self.owe(account, Some(cause), short);
            }
            TransactionKind::ChargeRefunded => {
                let left = self.forgive(account, cause, line.amount);
                let back = last_of(self.paid.entry(cause).or_default(), left);
                self.give_all(account, back, left);
            }
            TransactionKind::PayoutReserved => {
                let (taken, short) = self.take(account, -line.amount);
                self.payouts.insert(cause, taken);
                self.owe(account, None, short);
            }
            TransactionKind::PayoutReleased | TransactionKind::PayoutReturned => {
                let back = last_of(self.payouts.entry(cause).or_default(), line.amount);
                self.give_all(account, back, line.amount);
            }
            _ if line.amount.is_negative() => {
                let (_, short) = self.take(account, -line.amount);
                self.owe(account, None, short);
            }
            _ => self.give(account, vec![slice(OTHER, line.amount)]),
        }
    }

    /// Funds from an agent's own account, and from its commission, to a customer: the funding first.
    fn transfer(&mut self, account: CustomerId, line: &CashLine) {
        let sides = Sides::of(account, line);
        let credit = Credit::Transfer(TransferId::from_uuid(line.cause));
        let funding = sides.funding;
        let taken = match sides.agents {
            Some(agents) if self.accounts.contains_key(&agents) => {
                let (mut taken, short) = self.take(agents, funding);
                self.owe(agents, None, short);
                taken.extend(some(slice(OTHER, short)));
                taken
            }
            _ => some(slice(OTHER, funding)).into_iter().collect(),
        };
        let Some(customer) = sides.customers else {
            return;
        };
        let commission = sides.amount - funding;
        let mut brought = Vec::with_capacity(taken.len() + 1);
        for part in taken {
            let source = self.source(Source {
                credit,
                before: Some(part.source),
                top_up: self.sources[part.source].top_up,
            });
            brought.push(slice(source, part.amount));
        }
        let earned = self.source(Source {
            credit,
            before: None,
            top_up: None,
        });
        brought.extend(some(slice(earned, commission)));
        if self.accounts.contains_key(&customer) {
            self.give(customer, brought);
        } else {
            self.away.insert(line.cause, (customer, brought));
        }
    }

    /// What is left of a transfer goes back to where it came from, the last of it first.
    fn reverse_transfer(&mut self, account: CustomerId, line: &CashLine) {
        let sides = Sides::of(account, line);
        let credit = Credit::Transfer(TransferId::from_uuid(line.cause));
        let mut back = Vec::new();
        match sides.customers {
            Some(customer) if self.accounts.contains_key(&customer) => {
                let amount = sides.amount;
                back = self.take_last(customer, amount, |source| source.credit == credit);
                let left = amount - sum(&back);
                let (_, short) = self.take(customer, left);
                self.owe(customer, None, short);
            }
            Some(customer) => {
                self.gave_back.insert(customer);
            }
            None => {}
        }
        let Some(agents) = sides.agents.filter(|id| self.accounts.contains_key(id)) else {
            return;
        };
        let mut back: Vec<Slice> = back
            .iter()
            .filter_map(|part| Some(slice(self.sources[part.source].before?, part.amount)))
            .collect();
        let amount = sides.funding;
        let back = last_of(&mut back, amount);
        self.give_all(agents, back, amount);
    }

    fn source(&mut self, source: Source) -> SourceId {
        *self.known.entry(source).or_insert_with(|| {
            self.sources.push(source);
            self.sources.len() - 1
        })
    }

    fn queue(&mut self, account: CustomerId) -> &mut Queue {
        self.accounts.entry(account).or_default()
    }

    /// From the oldest lots on; and how much no lot covers.
    fn take(&mut self, account: CustomerId, amount: Money) -> (Vec<Slice>, Money) {
        let queue = self.queue(account);
        let (mut taken, mut left) = (Vec::new(), amount);
        while left.is_positive()
            && let Some(first) = queue.lots.front_mut()
        {
            let part = first.amount.min(left);
            taken.push(slice(first.source, part));
            left -= part;
            first.amount -= part;
            if first.amount.is_zero() {
                queue.lots.pop_front();
            }
        }
        (taken, left)
    }

    /// From the lots of some sources alone, the newest first; in the order of the lots.
    fn take_last(
        &mut self,
        account: CustomerId,
        amount: Money,
        of: impl Fn(&Source) -> bool,
    ) -> Vec<Slice> {
        let Self {
            accounts, sources, ..
        } = self;
        let queue = accounts.entry(account).or_default();
        let (mut taken, mut left) = (Vec::new(), amount);
        for lot in queue.lots.iter_mut().rev() {
            if left.is_positive() && of(&sources[lot.source]) {
                let part = lot.amount.min(left);
                taken.push(slice(lot.source, part));
                left -= part;
                lot.amount -= part;
            }
        }
        queue.lots.retain(|lot| lot.amount.is_positive());
        taken.reverse();
        taken
    }

    /// Pays the oldest debts, and becomes lots.
    fn give(&mut self, account: CustomerId, slices: Vec<Slice>) {
        let queue = self.accounts.entry(account).or_default();
        for mut part in slices {
            while part.amount.is_positive()
                && let Some(debt) = queue.debts.front_mut()
            {
                let pays = debt.amount.min(part.amount);
                if let Some(charge) = debt.charge {
                    let paid = self.paid.entry(charge).or_default();
                    paid.push(slice(part.source, pays));
                }
                part.amount -= pays;
                debt.amount -= pays;
                if debt.amount.is_zero() {
                    queue.debts.pop_front();
                }
            }
            if part.amount.is_positive() {
                queue.lots.push_back(part);
            }
        }
    }

    /// The same with as much as it is, of unknown ways where that is more.
    fn give_all(&mut self, account: CustomerId, mut slices: Vec<Slice>, amount: Money) {
        let more = amount - sum(&slices);
        slices.extend(some(slice(OTHER, more)));
        self.give(account, slices);
    }

    fn owe(&mut self, account: CustomerId, charge: Option<Uuid>, amount: Money) {
        if amount.is_positive() {
            self.queue(account).debts.push_back(Debt { charge, amount });
        }
    }

    /// What a charge still owes need not be paid any more; how much of the amount is left.
    fn forgive(&mut self, account: CustomerId, charge: Uuid, amount: Money) -> Money {
        let queue = self.queue(account);
        let mut left = amount;
        for debt in &mut queue.debts {
            if debt.charge == Some(charge) {
                let part = debt.amount.min(left);
                debt.amount -= part;
                left -= part;
            }
        }
        queue.debts.retain(|debt| debt.amount.is_positive());
        left
    }
}

/// A transfer, or one taken back, by its line on either account.
struct Sides {
    /// The agent's own account. `None` where it is known by neither line: all was commission.
    agents: Option<CustomerId>,
    customers: Option<CustomerId>,
    funding: Money,
    amount: Money,
}

impl Sides {
    fn of(account: CustomerId, line: &CashLine) -> Self {
        let size = |amount: Money| amount.max(-amount);
        let other = line.other.map(|(id, _)| id);
        let (here, there) = (
            size(line.amount),
            line.other.map_or(Money::ZERO, |(_, amount)| size(amount)),
        );
        if line.amount.is_positive() == (line.kind == TransactionKind::Transfer) {
            Self {
                agents: other,
                customers: Some(account),
                funding: there,
                amount: here,
            }
        } else {
            Self {
                agents: Some(account),
                customers: other,
                funding: here,
                amount: there,
            }
        }
    }
}
