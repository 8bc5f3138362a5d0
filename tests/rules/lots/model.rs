//! First in, first out as one would do it with coins: each 0.0001 is a coin that knows every hand it went through.

use std::collections::{BTreeMap, VecDeque};

use agent_program::program::lots::CashLine;
use entity::transaction::TransactionKind;
use entity::{CustomerId, Money, TransactionId, TypedId};
use uuid::Uuid;

/// What brought a coin into each account that it came to: top-ups and transfers by their id.
pub type Coin = Vec<Uuid>;

/// An account: coins, or calls that wait for some; one entry for each 0.0001.
#[derive(Default)]
struct Purse {
    coins: VecDeque<Coin>,
    debts: VecDeque<Option<Uuid>>,
    lines: Vec<CashLine>,
}

/// All accounts, as things happen to them.
#[derive(Default)]
pub struct Coins {
    purses: BTreeMap<CustomerId, Purse>,
    pub paid: BTreeMap<Uuid, Vec<Coin>>,
    payouts: BTreeMap<Uuid, Vec<Coin>>,
    /// What charges have cost in cash, and what was refunded of it.
    pub cost: BTreeMap<Uuid, (CustomerId, usize)>,
    transactions: u128,
}

const HOUSE: Coin = Vec::new();

impl Coins {
    fn purse(&mut self, id: CustomerId) -> &mut Purse {
        self.purses.entry(id).or_default()
    }

    pub fn cash(&mut self, id: CustomerId) -> usize {
        self.purse(id).coins.len()
    }

    /// Coins that a transfer brought to an account, and that are there.
    pub fn unspent(&mut self, id: CustomerId, transfer: Uuid) -> Vec<Coin> {
        let coins = self.purse(id).coins.iter();
        coins
            .filter(|coin| coin.last() == Some(&transfer))
            .cloned()
            .collect()
    }

    pub fn histories(&self) -> BTreeMap<CustomerId, Vec<CashLine>> {
        let purses = self.purses.iter();
        purses
            .map(|(id, purse)| (*id, purse.lines.clone()))
            .collect()
    }

    fn write(&mut self, kind: TransactionKind, cause: Uuid, sides: &[(CustomerId, i64)]) {
        self.transactions += 1;
        let transaction = TransactionId::from_uuid(Uuid::from_u128(self.transactions));
        let moved: Vec<_> = sides.iter().filter(|(_, amount)| *amount != 0).collect();
        for (id, amount) in &moved {
            let other = moved.iter().find(|(other, _)| other != id);
            let lines = &mut self.purse(*id).lines;
            lines.push(CashLine {
                version: i64::try_from(lines.len()).expect("few") + 1,
                transaction,
                kind,
                cause,
                amount: Money::from_units(*amount),
                other: other.map(|(other, amount)| (*other, Money::from_units(*amount))),
            });
        }
    }

    fn give(&mut self, id: CustomerId, coins: Vec<Coin>) {
        for coin in coins {
            match self.purse(id).debts.pop_front() {
                Some(Some(charge)) => self.paid.entry(charge).or_default().push(coin),
                Some(None) => {}
                None => self.purse(id).coins.push_back(coin),
            }
        }
    }

    /// The oldest coins; what is not there is owed.
    fn take(&mut self, id: CustomerId, amount: usize, charge: Option<Uuid>) -> Vec<Coin> {
        let mut taken = Vec::new();
        for _ in 0..amount {
            match self.purse(id).coins.pop_front() {
                Some(coin) => taken.push(coin),
                None => self.purse(id).debts.push_back(charge),
            }
        }
        taken
    }

    /// The newest coins of some kind, as many as there are.
    fn take_last(
        &mut self,
        id: CustomerId,
        amount: usize,
        of: impl Fn(&Coin) -> bool,
    ) -> Vec<Coin> {
        let mut taken = VecDeque::new();
        let coins = &mut self.purse(id).coins;
        for at in (0..coins.len()).rev() {
            if taken.len() < amount && of(&coins[at]) {
                taken.extend(coins.remove(at));
            }
        }
        taken.into_iter().rev().collect()
    }

    pub fn top_up(&mut self, id: CustomerId, top_up: Uuid, amount: usize) {
        self.give(id, vec![vec![top_up]; amount]);
        self.write(TransactionKind::TopUp, top_up, &[(id, signed(amount))]);
    }

    pub fn reverse_top_up(&mut self, id: CustomerId, top_up: Uuid, amount: usize) {
        let own = self.take_last(id, amount, |coin| *coin == [top_up]);
        self.take(id, amount - own.len(), None);
        self.write(
            TransactionKind::TopUpReversed,
            top_up,
            &[(id, -signed(amount))],
        );
    }

    pub fn adjust(&mut self, id: CustomerId, cause: Uuid, amount: i64) {
        let size = usize::try_from(amount.abs()).expect("small");
        if amount < 0 {
            self.take(id, size, None);
        } else {
            self.give(id, vec![HOUSE; size]);
        }
        self.write(TransactionKind::Adjustment, cause, &[(id, amount)]);
    }

    pub fn charge(&mut self, id: CustomerId, charge: Uuid, amount: usize) {
        let paid = self.take(id, amount, Some(charge));
        self.paid.entry(charge).or_default().extend(paid);
        self.cost.insert(charge, (id, amount));
        self.write(TransactionKind::Charge, charge, &[(id, -signed(amount))]);
    }

    pub fn refund(&mut self, charge: Uuid, amount: usize) {
        let (id, cost) = self.cost[&charge];
        self.cost.insert(charge, (id, cost - amount));
        let mut left = amount;
        let debts = &mut self.purse(id).debts;
        while left > 0
            && let Some(at) = debts.iter().position(|debt| *debt == Some(charge))
        {
            debts.remove(at);
            left -= 1;
        }
        let paid = self.paid.entry(charge).or_default();
        let back = paid.split_off(paid.len() - left);
        self.give(id, back);
        self.write(
            TransactionKind::ChargeRefunded,
            charge,
            &[(id, signed(amount))],
        );
    }

    pub fn transfer(
        &mut self,
        from: CustomerId,
        to: CustomerId,
        transfer: Uuid,
        funding: usize,
        commission: usize,
    ) {
        let mut coins = self.take(from, funding, None);
        for coin in &mut coins {
            coin.push(transfer);
        }
        // Commission comes out of nothing that was cash.
        coins.extend(vec![vec![Uuid::nil(), transfer]; commission]);
        self.give(to, coins);
        let sides = [(from, -signed(funding)), (to, signed(funding + commission))];
        self.write(TransactionKind::Transfer, transfer, &sides);
    }

    pub fn reverse_transfer(
        &mut self,
        from: CustomerId,
        to: CustomerId,
        transfer: Uuid,
        amount: usize,
    ) {
        let mut coins = self.take_last(to, amount, |coin| coin.last() == Some(&transfer));
        assert_eq!(coins.len(), amount, "more than is unspent");
        for coin in &mut coins {
            coin.pop();
        }
        coins.retain(|coin| *coin != vec![Uuid::nil()]);
        let funding = coins.len();
        self.give(from, coins);
        let sides = [(from, signed(funding)), (to, -signed(amount))];
        self.write(TransactionKind::TransferReversed, transfer, &sides);
    }

    pub fn reserve(&mut self, id: CustomerId, payout: Uuid, amount: usize) {
        let coins = self.take(id, amount, None);
        self.payouts.insert(payout, coins);
        self.write(
            TransactionKind::PayoutReserved,
            payout,
            &[(id, -signed(amount))],
        );
    }

    pub fn release(&mut self, id: CustomerId, payout: Uuid) {
        let coins = self.payouts.remove(&payout).expect("reserved");
        let amount = signed(coins.len());
        self.give(id, coins);
        self.write(TransactionKind::PayoutReleased, payout, &[(id, amount)]);
    }
}

fn signed(amount: usize) -> i64 {
    i64::try_from(amount).expect("small")
}
