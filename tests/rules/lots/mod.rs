//! First in, first out (E27, E29): random histories against coins that know where they were.

mod model;

use std::collections::{BTreeMap, BTreeSet};

use agent_program::program::lots::{Histories, Lots, Traced};
use entity::{ChargeId, CustomerId, Money, TopUpId, TransferId, TypedId};
use uuid::Uuid;

use self::model::{Coin, Coins};
use crate::chance::{Chance, base_seed, setting};

const ACCOUNTS: i64 = 5;

fn account(which: i64) -> CustomerId {
    CustomerId::from_uuid(Uuid::from_u128(
        1_000 + u128::try_from(which).expect("small"),
    ))
}

/// A history, and what happened in it.
#[derive(Default)]
struct History {
    coins: Coins,
    top_ups: Vec<(Uuid, CustomerId, usize)>,
    reversed: Vec<(Uuid, CustomerId)>,
    transfers: Vec<(Uuid, CustomerId, CustomerId)>,
    payouts: Vec<(Uuid, CustomerId)>,
    ids: u128,
}

impl History {
    fn id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(1_000_000 + self.ids)
    }

    fn step(&mut self, chance: &mut Chance) {
        let id = self.id();
        let at = account(chance.between(0, ACCOUNTS));
        let some = |chance: &mut Chance, most: usize| {
            usize::try_from(chance.between(1, i64::try_from(most).expect("small") + 1))
                .expect("positive")
        };
        let cash = self.coins.cash(at);
        match chance.between(0, 10) {
            0 | 1 => {
                let amount = some(chance, 20);
                self.coins.top_up(at, id, amount);
                self.top_ups.push((id, at, amount));
            }
            2 | 3 => {
                let amount = some(chance, 15);
                self.coins.charge(at, id, amount);
            }
            4 => {
                let charges: Vec<(Uuid, usize)> = self
                    .coins
                    .cost
                    .iter()
                    .map(|(id, (_, cost))| (*id, *cost))
                    .collect();
                if let Some((charge, cost)) = chance.maybe(&charges).filter(|(_, cost)| *cost > 0) {
                    let amount = some(chance, cost);
                    self.coins.refund(charge, amount);
                }
            }
            5 | 6 => {
                let to = account(chance.between(0, ACCOUNTS));
                let funding = if cash > 0 && chance.percent(80) {
                    some(chance, cash)
                } else {
                    0
                };
                let commission = if funding == 0 || chance.percent(40) {
                    some(chance, 6)
                } else {
                    0
                };
                if to != at {
                    self.coins.transfer(at, to, id, funding, commission);
                    self.transfers.push((id, at, to));
                }
            }
            7 => {
                if let Some((transfer, from, to)) = chance.maybe(&self.transfers) {
                    let most = self.coins.unspent(to, transfer).len();
                    if most > 0 {
                        let amount = some(chance, most);
                        self.coins.reverse_transfer(from, to, transfer, amount);
                    }
                }
            }
            8 => {
                if let Some((top_up, at, amount)) =
                    chance.maybe(&self.top_ups).filter(|_| chance.percent(60))
                {
                    self.coins.reverse_top_up(at, top_up, amount);
                    self.top_ups.retain(|(id, _, _)| *id != top_up);
                    self.reversed.push((top_up, at));
                }
            }
            _ => match chance.maybe(&self.payouts) {
                Some((payout, at)) if chance.percent(60) => {
                    self.coins.release(at, payout);
                    self.payouts.retain(|(id, _)| *id != payout);
                }
                _ if cash > 0 => {
                    let amount = some(chance, cash);
                    self.coins.reserve(at, id, amount);
                    self.payouts.push((id, at));
                }
                _ => self.coins.adjust(at, id, chance.between(1, 9)),
            },
        }
    }

    /// What each charge was paid with of a top-up.
    fn paid_by(&self, top_up: Uuid) -> BTreeMap<ChargeId, Money> {
        let of_it = |coin: &&Coin| coin.first() == Some(&top_up);
        let paid = self.coins.paid.iter().map(|(charge, coins)| {
            let count = i64::try_from(coins.iter().filter(of_it).count()).expect("few");
            (ChargeId::from_uuid(*charge), Money::from_units(count))
        });
        paid.filter(|(_, amount)| amount.is_positive()).collect()
    }
}

/// The accounts that have to be known for some money, from one account on.
fn followed(all: &Histories, from: CustomerId, traced: Traced) -> Lots {
    let mut known = BTreeSet::from([from]);
    loop {
        let histories = all.iter().filter(|(id, _)| known.contains(id));
        let histories: Histories = histories.map(|(id, lines)| (*id, lines.clone())).collect();
        let lots = Lots::replay(&histories);
        let beyond = lots.beyond(&BTreeSet::from([traced]));
        let before = known.len();
        known.extend(beyond);
        if known.len() == before {
            return lots;
        }
    }
}

#[test]
fn e29_what_paid_for_what_is_what_coins_would_say() {
    let base = base_seed();
    let histories = setting("AGENT_PROGRAM_HISTORIES").unwrap_or(2_000);
    for seed in base..base + histories {
        let mut chance = Chance::new(seed);
        let mut history = History::default();
        for _ in 0..chance.between(5, 80) {
            history.step(&mut chance);
        }
        let all = history.coins.histories();
        let lots = Lots::replay(&all);
        let top_ups = history.top_ups.iter().map(|(id, at, _)| (*id, *at));
        let top_ups: Vec<_> = top_ups.chain(history.reversed.iter().copied()).collect();
        for (top_up, at) in top_ups {
            let expected = history.paid_by(top_up);
            let id = TopUpId::from_uuid(top_up);
            assert_eq!(lots.paid_by(id), expected, "seed {seed}, all accounts");
            let traced = followed(&all, at, Traced::TopUp(id));
            assert_eq!(
                traced.paid_by(id),
                expected,
                "seed {seed}, those that are followed"
            );
        }
        for (transfer, _, to) in history.transfers.clone() {
            let coins = history.coins.unspent(to, transfer);
            let of_commission = |coin: &&Coin| **coin == [Uuid::nil(), transfer];
            let commission = coins.iter().filter(of_commission).count();
            let expected = (money(coins.len() - commission), money(commission));
            let id = TransferId::from_uuid(transfer);
            assert_eq!(
                lots.unspent(to, id, None),
                expected,
                "seed {seed}, all accounts"
            );
            let traced = followed(&all, to, Traced::Transfer(id));
            assert_eq!(
                traced.unspent(to, id, None),
                expected,
                "seed {seed}, those that are followed"
            );
        }
    }
}

fn money(units: usize) -> Money {
    Money::from_units(i64::try_from(units).expect("few"))
}
