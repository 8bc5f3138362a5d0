//! First in, first out as one would do it with rolls of coins: each roll knows every hand it went through, and things
//! happen to it as they happen. The books replay whole histories instead.

use std::collections::{BTreeMap, VecDeque};

use entity::entry::{self, Account};
use entity::transaction::{self, TransactionKind};
use entity::{CustomerId, TypedId};
use uuid::Uuid;

use super::model::units;

/// What brought money into each account that it came to: top-ups and transfers, by their ids.
type Way = Vec<Uuid>;
type Roll = (Way, i128);

/// The house's money.
const HOUSE: Way = Vec::new();

/// An account: rolls, or what waits for some; the oldest first.
#[derive(Default)]
struct Purse {
    rolls: VecDeque<Roll>,
    debts: VecDeque<(Option<Uuid>, i128)>,
}

/// All accounts.
#[derive(Default)]
pub struct Purses {
    accounts: BTreeMap<CustomerId, Purse>,
    /// What charges were paid with, less what was refunded.
    paid: BTreeMap<Uuid, Vec<Roll>>,
    payouts: BTreeMap<Uuid, Vec<Roll>>,
}

fn cut(rolls: &mut Vec<Roll>, amount: i128) -> Vec<Roll> {
    let (mut last, mut left) = (Vec::new(), amount);
    while left > 0 {
        let Some((way, size)) = rolls.pop() else {
            break;
        };
        let part = size.min(left);
        left -= part;
        if size > part {
            rolls.push((way.clone(), size - part));
        }
        last.insert(0, (way, part));
    }
    last
}

fn size(rolls: &[Roll]) -> i128 {
    rolls.iter().map(|(_, amount)| amount).sum()
}

impl Purses {
    /// What an account begins with, or owes.
    pub fn open(&mut self, id: CustomerId, amount: i128) {
        if amount > 0 {
            self.give(id, vec![(HOUSE, amount)]);
        } else {
            self.owe(id, None, -amount);
        }
    }

    /// What there is, less what is owed.
    pub fn balance(&self, id: CustomerId) -> i128 {
        self.accounts.get(&id).map_or(0, |purse| {
            let owed: i128 = purse.debts.iter().map(|(_, amount)| amount).sum();
            purse.rolls.iter().map(|(_, amount)| amount).sum::<i128>() - owed
        })
    }

    /// What each charge was paid with of a top-up, by whatever way it came.
    pub fn paid_by(&self, top_up: Uuid) -> BTreeMap<Uuid, i128> {
        let paid = self.paid.iter().map(|(charge, rolls)| {
            let of_it = rolls.iter().filter(|(way, _)| way.first() == Some(&top_up));
            (*charge, of_it.map(|(_, amount)| amount).sum::<i128>())
        });
        paid.filter(|(_, amount)| *amount > 0).collect()
    }

    /// The last of what is unspent of a transfer: funding, and commission.
    pub fn unspent(&self, id: CustomerId, transfer: Uuid, most: Option<i128>) -> (i128, i128) {
        let mut found: Vec<Roll> = self.accounts.get(&id).map_or(Vec::new(), |purse| {
            let of_it = purse.rolls.iter();
            of_it
                .filter(|(way, _)| way.last() == Some(&transfer))
                .cloned()
                .collect()
        });
        let all = size(&found);
        let last = cut(&mut found, most.unwrap_or(all));
        let earned = last
            .iter()
            .filter(|(way, _)| way[0].is_nil() && way.len() == 2);
        let commission: i128 = earned.map(|(_, amount)| amount).sum();
        (size(&last) - commission, commission)
    }

    fn owe(&mut self, id: CustomerId, charge: Option<Uuid>, amount: i128) {
        if amount > 0 {
            let debts = &mut self.accounts.entry(id).or_default().debts;
            debts.push_back((charge, amount));
        }
    }

    fn give(&mut self, id: CustomerId, rolls: Vec<Roll>) {
        for (way, mut amount) in rolls {
            let purse = self.accounts.entry(id).or_default();
            while amount > 0 {
                let Some((charge, owed)) = purse.debts.pop_front() else {
                    purse.rolls.push_back((way.clone(), amount));
                    break;
                };
                let pays = owed.min(amount);
                amount -= pays;
                if let Some(charge) = charge {
                    let paid = self.paid.entry(charge).or_default();
                    paid.push((way.clone(), pays));
                }
                if owed > pays {
                    purse.debts.push_front((charge, owed - pays));
                }
            }
        }
    }

    /// The oldest; what is not there is owed.
    fn take(&mut self, id: CustomerId, amount: i128, charge: Option<Uuid>) -> Vec<Roll> {
        let (mut taken, mut left) = (Vec::new(), amount);
        while left > 0 {
            let rolls = &mut self.accounts.entry(id).or_default().rolls;
            let Some((way, there)) = rolls.pop_front() else {
                break;
            };
            let part = there.min(left);
            left -= part;
            if there > part {
                rolls.push_front((way.clone(), there - part));
            }
            taken.push((way, part));
        }
        self.owe(id, charge, left);
        taken
    }

    /// The newest of some kind, as much as there is.
    fn take_last(&mut self, id: CustomerId, amount: i128, of: impl Fn(&Way) -> bool) -> Vec<Roll> {
        let rolls = &mut self.accounts.entry(id).or_default().rolls;
        let (mut of_it, mut kept) = (Vec::new(), VecDeque::new());
        let mut left = amount;
        while let Some((way, there)) = rolls.pop_back() {
            let part = if of(&way) { there.min(left) } else { 0 };
            left -= part;
            if there > part {
                kept.push_front((way.clone(), there - part));
            }
            if part > 0 {
                of_it.insert(0, (way, part));
            }
        }
        *rolls = kept;
        of_it
    }

    /// What a transaction does to cash.
    pub fn follow(&mut self, transaction: &transaction::Model, entries: &[entry::Model]) {
        let cause = transaction.cause_id;
        let cash: Vec<(CustomerId, i128)> = entries
            .iter()
            .filter(|entry| entry.account == Account::CustomerCash)
            .map(|entry| {
                let owner = entry.owner_id.expect("an owner's");
                (CustomerId::from_uuid(owner), units(entry.amount))
            })
            .collect();
        match transaction.kind {
            TransactionKind::Transfer => {
                let (to, amount) = *cash.iter().find(|(_, amount)| *amount > 0).expect("to");
                let from = cash.iter().find(|(_, amount)| *amount < 0);
                let mut rolls =
                    from.map_or(Vec::new(), |(id, amount)| self.take(*id, -amount, None));
                for (way, _) in &mut rolls {
                    way.push(cause);
                }
                rolls.push((vec![Uuid::nil(), cause], amount - size(&rolls)));
                rolls.retain(|(_, amount)| *amount > 0);
                self.give(to, rolls);
            }
            TransactionKind::TransferReversed => {
                let (of, amount) = *cash.iter().find(|(_, amount)| *amount < 0).expect("of");
                let mut back = self.take_last(of, -amount, |way| way.last() == Some(&cause));
                assert_eq!(size(&back), -amount, "E27: taken back though spent");
                for (way, _) in &mut back {
                    way.pop();
                }
                back.retain(|(way, _)| *way != [Uuid::nil()]);
                let to = cash.iter().find(|(_, amount)| *amount > 0);
                assert_eq!(to.map_or(0, |(_, amount)| *amount), size(&back), "E27");
                if let Some((to, _)) = to {
                    self.give(*to, back);
                }
            }
            kind => {
                for (id, amount) in cash {
                    self.alone(kind, cause, id, amount);
                }
            }
        }
    }

    /// What happens to one account.
    fn alone(&mut self, kind: TransactionKind, cause: Uuid, id: CustomerId, amount: i128) {
        match kind {
            TransactionKind::TopUp => self.give(id, vec![(vec![cause], amount)]),
            TransactionKind::TopUpReversed => {
                let own = self.take_last(id, -amount, |way| *way == [cause]);
                self.take(id, -amount - size(&own), None);
            }
            TransactionKind::Charge => {
                let paid = self.take(id, -amount, Some(cause));
                self.paid.entry(cause).or_default().extend(paid);
            }
            TransactionKind::ChargeRefunded => {
                let mut left = amount;
                let debts = &mut self.accounts.entry(id).or_default().debts;
                for (charge, owed) in debts.iter_mut() {
                    if *charge == Some(cause) {
                        let part = left.min(*owed);
                        *owed -= part;
                        left -= part;
                    }
                }
                debts.retain(|(_, owed)| *owed > 0);
                let back = cut(self.paid.entry(cause).or_default(), left);
                assert_eq!(size(&back), left, "E07: more came back than was paid");
                self.give(id, back);
            }
            TransactionKind::PayoutReserved => {
                let taken = self.take(id, -amount, None);
                self.payouts.insert(cause, taken);
            }
            TransactionKind::PayoutReleased | TransactionKind::PayoutReturned => {
                let back = cut(self.payouts.entry(cause).or_default(), amount);
                assert_eq!(size(&back), amount, "more came back than was reserved");
                self.give(id, back);
            }
            _ if amount < 0 => {
                self.take(id, -amount, None);
            }
            _ => self.give(id, vec![(HOUSE, amount)]),
        }
    }
}
