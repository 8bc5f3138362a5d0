//! What comes after the fact: refunds, chargebacks, transfers taken back, corrections and fraud cases.

use agent_program::program::{
    ClearFraudCase, ConfirmFraudCase, OpenFraudCase, Owner, PostAdjustment, Reason, RefundCharge,
    ReverseTopUp, ReverseTransfer, Seconded, Span, Suspects, WriteOff,
};
use chrono::TimeDelta;
use entity::charge::{self, ChargeState};
use entity::fraud_case::{FraudCaseState, FraudReason};
use entity::proposal::ProposalKind;
use entity::top_up::{TopUpMethod, TopUpState};
use entity::transaction::TransactionKind;
use entity::{ChargeId, FraudCaseId, LoginId, Money, TransferId, TypedId};
use uuid::Uuid;

use super::expected::{Act, is_suspect, place_of};
use super::history::History;
use super::model::units;
use crate::world::name;

fn nobody() -> Uuid {
    Uuid::from_u128(u128::MAX)
}

fn money(units: i128) -> Money {
    Money::from_units(i64::try_from(units).expect("within range"))
}

/// What operators ask for that may take two of them (E17).
#[derive(Clone, Copy, PartialEq, Eq)]
struct Asked {
    kind: ProposalKind,
    owner: Owner,
    amount: Money,
}

impl History {
    fn operator(&mut self) -> LoginId {
        LoginId::from_uuid(Uuid::from_u128(self.chance.of(&[1, 2])))
    }

    fn some_charge(&mut self) -> Option<charge::Model> {
        let rows: Vec<_> = self
            .world
            .books
            .charges
            .iter()
            .map(|(_, row)| row.clone())
            .collect();
        let paid: Vec<_> = rows
            .iter()
            .filter(|row| !row.amount.is_zero())
            .cloned()
            .collect();
        let any = self.chance.percent(5);
        self.chance.maybe(if any { &rows } else { &paid })
    }

    /// E07.
    pub fn refund(&mut self) {
        let Some(charge) = self.some_charge() else {
            return self.rated_charges();
        };
        let left = charge.amount - charge.refunded;
        let all = self.chance.percent(25);
        let amount = if self.chance.percent(50) && left.is_positive() {
            Some(Money::from_units(self.chance.between(1, left.units() + 1)))
        } else {
            (!all).then(|| self.amount(&[units(left), units(charge.promo_part)]))
        };
        let unknown = self.chance.percent(2);
        let command = RefundCharge {
            charge: if unknown {
                ChargeId::from_uuid(nobody())
            } else {
                charge.id
            },
            amount,
            reason: name("Bad line"),
        };
        let foreseen = if amount.is_some_and(|amount| amount.units() <= 0) {
            Some(Reason::AmountNotPositive)
        } else if unknown {
            Some(Reason::NotFound("charge".into()))
        } else if charge.amount.is_zero() {
            Some(Reason::IllegalState("FREE".into()))
        } else {
            match amount {
                None if left.is_zero() => Some(Reason::IllegalState(charge.state.to_string())),
                Some(requested) if requested > left => {
                    Some(Reason::RefundExceedsCharge { left, requested })
                }
                _ => None,
            }
        };
        let back = amount.unwrap_or(left);
        let act = |_: &_| Some(Act::Refund(charge.id, units(back)));
        if let Ok(refunded) = self.decide_as(&command, foreseen, act) {
            assert_eq!(refunded.charge.refunded, charge.refunded + back);
            let rows = &self.world.books.added.commissions;
            let newest = rows.last().filter(|row| row.created_at == self.world.now());
            assert!(refunded.clawback.is_none() || refunded.clawback.as_ref() == newest);
        }
    }

    /// E29: or it never arrived.
    pub fn reverse_top_up(&mut self) {
        let rows: Vec<_> = self
            .world
            .books
            .top_ups
            .iter()
            .map(|(_, row)| row.clone())
            .collect();
        let settled = rows.iter().filter(|row| row.state == TopUpState::Settled);
        let settled: Vec<_> = settled.cloned().collect();
        let any = self.chance.percent(15) || settled.is_empty();
        let Some(row) = self.chance.maybe(if any { &rows } else { &settled }) else {
            return self.begin_top_up();
        };
        let foreseen = match row.state {
            TopUpState::Pending | TopUpState::Settled => None,
            state => Some(Reason::IllegalState(state.to_string())),
        };
        let command = ReverseTopUp {
            top_up: row.id,
            reference: name("CB-1"),
        };
        self.world.books.histories = self.cash.clone();
        let act = |_: &_| Some(Act::ReverseTopUp(row.id));
        let Ok(reversed) = self.decide_as(&command, foreseen, act) else {
            return;
        };
        let now = Some(self.world.now());
        if row.state == TopUpState::Settled {
            assert_eq!(reversed.state, TopUpState::Reversed);
            assert_eq!(reversed.reversed_at, now);
        } else {
            assert_eq!(
                (reversed.state, reversed.settled_at),
                (TopUpState::Failed, now)
            );
            let by_processor = row.method != TopUpMethod::Wire;
            assert_eq!(reversed.give_back_since, now.filter(|_| by_processor));
        }
    }

    /// E27.
    pub fn reverse_transfer(&mut self) {
        let rows: Vec<_> = self
            .world
            .books
            .transfers
            .iter()
            .map(|(_, row)| row.clone())
            .collect();
        let Some(row) = self.chance.maybe(&rows) else {
            return self.transfer();
        };
        let id = if self.chance.percent(3) {
            TransferId::from_uuid(nobody())
        } else {
            row.id
        };
        let unspent = |most| self.model.purses.unspent(row.customer_id, id.uuid(), most);
        let (funding, commission) = unspent(None);
        let all = funding + commission;
        let amount = match self.chance.between(0, 3) {
            0 => None,
            1 if all > 0 => Some(money(i128::from(self.chance.between(1, 400_000)).min(all))),
            _ => Some(self.amount(&[all])),
        };
        let (funding, commission) = self.model.purses.unspent(
            row.customer_id,
            id.uuid(),
            amount.map(|amount| units(amount).min(all)),
        );
        let foreseen = if amount.is_some_and(|amount| amount.units() <= 0) {
            Some(Reason::AmountNotPositive)
        } else if id != row.id {
            Some(Reason::NotFound("transfer".into()))
        } else if row.reversed == row.amount {
            Some(Reason::IllegalState("REVERSED".into()))
        } else if all == 0 || amount.is_some_and(|amount| units(amount) > all) {
            Some(Reason::TransferSpent {
                unspent: money(all),
            })
        } else {
            None
        };
        let command = ReverseTransfer {
            transfer: id,
            amount,
            reason: name("To the wrong account"),
        };
        self.world.books.histories = self.cash.clone();
        let act = |_: &_| Some(Act::ReverseTransfer(id, funding, commission));
        if let Ok(reversed) = self.decide_as(&command, foreseen, act) {
            let back = reversed.transfer.reversed - row.reversed;
            assert_eq!(back, amount.unwrap_or(money(all)));
            assert!(reversed.transfer.reversed <= row.amount, "E27");
        }
    }

    /// E17: by one operator up to the limit, beyond it by two.
    fn needs_second(&self, operator: LoginId, asked: Asked) -> bool {
        let over = asked.amount.units().abs() > self.world.books.terms.second_person_over.units();
        let mut open = self.world.books.proposals.iter().map(|(_, row)| row);
        let seconded = open.any(|row| {
            let good = self.world.now() - row.created_at < TimeDelta::days(7);
            let same = Asked {
                kind: row.kind,
                owner: Owner::of(row),
                amount: row.amount,
            };
            good && row.seconded_by.is_none() && same == asked && row.proposed_by != operator
        });
        over && !seconded
    }

    fn was_seconded(&self, outcome: &Seconded, operator: LoginId, (asked, waits): (Asked, bool)) {
        match outcome {
            Seconded::Waits(row) => {
                assert!(waits, "E17: one is enough");
                assert_eq!((row.kind, row.amount), (asked.kind, asked.amount));
                assert_eq!((row.proposed_by, row.seconded_by), (operator, None));
            }
            Seconded::Posted(posted) => {
                assert!(!waits, "E17: by one alone");
                let by = |row: &&entity::proposal::Model| row.transaction_id == Some(posted.id);
                let over =
                    asked.amount.units().abs() > self.world.books.terms.second_person_over.units();
                let proposals = self.world.books.proposals.iter().map(|(_, row)| row);
                let by: Vec<_> = proposals.filter(by).collect();
                assert_eq!(by.len(), usize::from(over), "E17");
                assert!(by.iter().all(|row| row.seconded_by == Some(operator)));
                assert!(
                    by.iter().all(|row| row.proposed_by != operator),
                    "E17: seconds itself"
                );
            }
        }
    }

    /// What operators asked for and nobody seconded, asked for again by somebody.
    fn again_proposed(&mut self, kind: ProposalKind) -> Option<(Owner, Money)> {
        let rows = self.world.books.proposals.iter().map(|(_, row)| row);
        let rows: Vec<_> = rows
            .filter(|row| row.kind == kind)
            .map(|row| (Owner::of(row), row.amount))
            .collect();
        let newest = rows.len().saturating_sub(2);
        let again = self.chance.percent(50);
        self.chance.maybe(&rows[newest..]).filter(|_| again)
    }

    fn sum_owned(&self, owner: Owner) -> i128 {
        self.model.house(place_of(owner))
    }

    pub fn adjust(&mut self) {
        let operator = self.operator();
        let limit = units(self.world.books.terms.second_person_over);
        let again = self.again_proposed(ProposalKind::Adjustment);
        let (customer, amount) = if let Some((Owner::Customer(customer), amount)) = again {
            (customer, amount)
        } else {
            let customer = self.customer();
            let cash = self.sum_owned(Owner::Customer(customer)).max(0);
            let edges = [limit, limit + 1, -cash, -cash - 1, -cash / 2, -limit];
            (customer, self.amount(&edges))
        };
        if amount == Money::MAX {
            return;
        }
        let command = PostAdjustment {
            operator,
            customer,
            amount,
            reason: name("A mistake"),
        };
        let owner = Owner::Customer(customer);
        let there = self.sum_owned(owner).max(0);
        let known = self.world.books.customers.get(&customer).is_some();
        let foreseen = if amount.is_zero() {
            let problem = "An adjustment is more or less than 0.0000.";
            Some(Reason::InvalidInput(problem.into()))
        } else if !known {
            Some(Reason::NotFound("customer".into()))
        } else if -units(amount) > there {
            Some(Reason::InsufficientFunds {
                available: money(there),
                requested: -amount,
            })
        } else {
            None
        };
        let asked = Asked {
            kind: ProposalKind::Adjustment,
            owner,
            amount,
        };
        let waits = self.needs_second(operator, asked);
        self.model.proposals += self.proposes(operator, asked, foreseen.is_none() && waits);
        let (place, amount) = (place_of(owner), units(amount));
        let act = |outcome: &Seconded| {
            let posted = matches!(outcome, Seconded::Posted(_));
            posted.then_some(Act::Correct(TransactionKind::Adjustment, place, amount))
        };
        if let Ok(outcome) = self.decide_as(&command, foreseen, act) {
            self.was_seconded(&outcome, operator, (asked, waits));
            // What took two is soon asked for again: by whom, and whether it was posted by then, makes the difference.
            if amount.abs() > limit && self.chance.percent(60) {
                self.adjust();
            }
        }
    }

    /// How many proposals come of it: the same again by the same operator is none.
    fn proposes(&self, operator: LoginId, asked: Asked, waits: bool) -> usize {
        let mut own = self.world.books.proposals.iter().map(|(_, row)| row);
        let proposed = own.any(|row| {
            let good = self.world.now() - row.created_at < TimeDelta::days(7);
            let same = (row.kind, Owner::of(row), row.amount, row.proposed_by)
                == (asked.kind, asked.owner, asked.amount, operator);
            good && same && row.seconded_by.is_none()
        });
        usize::from(waits && !proposed)
    }

    pub fn write_off(&mut self) {
        let operator = self.operator();
        let customers = self.world.customers.iter().map(|id| Owner::Customer(*id));
        let agents = self.world.agents.iter().map(|id| Owner::Agent(*id));
        let all: Vec<Owner> = customers.chain(agents).collect();
        let owing = all.iter().filter(|owner| self.sum_owned(**owner) < 0);
        let owing: Vec<Owner> = owing.copied().collect();
        let any = owing.is_empty() || self.chance.percent(10);
        let again = self.again_proposed(ProposalKind::WriteOff);
        let (owner, amount) = if let Some((owner, amount)) = again {
            (owner, Some(amount))
        } else {
            let owner = self.chance.of(if any { &all } else { &owing });
            let owed = -self.sum_owned(owner);
            let part = self.chance.percent(50);
            (owner, part.then(|| self.amount(&[owed, owed])))
        };
        let owed = -self.sum_owned(owner);
        let foreseen = if amount.is_some_and(|amount| amount.units() <= 0) {
            Some(Reason::AmountNotPositive)
        } else if owed <= 0 {
            Some(Reason::IllegalState("NOT_BELOW_ZERO".into()))
        } else if amount.is_some_and(|amount| units(amount) > owed) {
            let problem = format!("Only {} is owed.", money(owed));
            Some(Reason::InvalidInput(problem.into()))
        } else {
            None
        };
        let asked = Asked {
            kind: ProposalKind::WriteOff,
            owner,
            amount: amount.unwrap_or(money(owed)),
        };
        let command = WriteOff {
            operator,
            owner,
            amount,
            reason: name("Never paid"),
        };
        let waits = self.needs_second(operator, asked);
        self.model.proposals += self.proposes(operator, asked, foreseen.is_none() && waits);
        let (place, amount) = (place_of(owner), units(asked.amount));
        let act = |outcome: &Seconded| {
            let posted = matches!(outcome, Seconded::Posted(_));
            posted.then_some(Act::Correct(TransactionKind::WriteOff, place, amount))
        };
        if let Ok(outcome) = self.decide_as(&command, foreseen, act) {
            self.was_seconded(&outcome, operator, (asked, waits));
        }
    }

    /// E28.
    pub fn suspect(&mut self) {
        let operator = self.operator();
        let now = self.world.now();
        let (suspects, charges, foreseen) = if self.chance.percent(60) {
            let mut ids = Vec::new();
            for _ in 0..self.chance.between(1, 5) {
                let charge = self.some_charge().map(|row| row.id);
                let stray = self.chance.percent(1);
                ids.extend(
                    charge
                        .filter(|_| !stray)
                        .or(stray.then(|| ChargeId::from_uuid(nobody()))),
                );
            }
            let known = |id: &ChargeId| self.model.keys.get(id).map(|key| &self.model.charges[key]);
            let refused = ids.iter().find_map(|id| match known(id) {
                None => Some(Reason::NotFound("charge".into())),
                Some(row) if is_suspect(row.state) => {
                    Some(Reason::IllegalState(row.state.to_string()))
                }
                Some(_) => None,
            });
            let empty = Reason::InvalidInput("Name one charge or more.".into());
            let refused = if ids.is_empty() { Some(empty) } else { refused };
            let mut once = ids.clone();
            once.sort_unstable();
            once.dedup();
            (Suspects::Charges(ids), once, refused)
        } else {
            let customer = self.customer();
            let from = now - TimeDelta::hours(self.chance.between(1, 500));
            let to = from + TimeDelta::hours(self.chance.between(1, 500));
            let rows = self.model.charges.values();
            let rows = rows.filter(|row| row.customer_id == customer && !is_suspect(row.state));
            let rows = rows.filter(|row| from <= row.occurred_at && row.occurred_at < to);
            let charges: Vec<ChargeId> = rows.map(|row| row.id).collect();
            let none = "There is no charge in this period that is in no other case.";
            let refused = if self.world.books.customers.get(&customer).is_none() {
                Some(Reason::NotFound("customer".into()))
            } else {
                charges
                    .is_empty()
                    .then(|| Reason::InvalidInput(none.into()))
            };
            let span = Span { from, to };
            (Suspects::Customer { customer, span }, charges, refused)
        };
        let command = OpenFraudCase {
            operator,
            suspects,
            reason: FraudReason::StolenPayment,
            note: None,
        };
        let act = |_: &_| Some(Act::Suspect(charges));
        if let Ok(case) = self.decide_as(&command, foreseen, act) {
            assert_eq!(case.state, FraudCaseState::Open);
            assert_eq!((case.opened_at, case.clawed_back), (now, Money::ZERO));
        }
    }

    /// E28, R43.
    pub fn decide_case(&mut self) {
        let cases = &self.model.cases;
        let all: Vec<FraudCaseId> = cases.keys().copied().collect();
        let open = cases
            .iter()
            .filter(|(_, (state, _))| *state == FraudCaseState::Open);
        let open: Vec<FraudCaseId> = open.map(|(id, _)| *id).collect();
        let any = open.is_empty() || self.chance.percent(10);
        let Some(case) = self.chance.maybe(if any { &all } else { &open }) else {
            return self.suspect();
        };
        let case = if self.chance.percent(2) {
            FraudCaseId::from_uuid(nobody())
        } else {
            case
        };
        let foreseen = match self.model.cases.get(&case) {
            None => Some(Reason::NotFound("fraud case".into())),
            Some((FraudCaseState::Open, _)) => None,
            Some((state, _)) => Some(Reason::IllegalState(state.to_string())),
        };
        let operator = self.operator();
        let note = None;
        let decided = if self.chance.percent(50) {
            let command = ConfirmFraudCase {
                operator,
                case,
                note,
            };
            let decided = self.decide_as(&command, foreseen, |_| Some(Act::Confirm(case)));
            decided.map(|row| (row, FraudCaseState::Confirmed))
        } else {
            let command = ClearFraudCase {
                operator,
                case,
                note,
            };
            let decided = self.decide_as(&command, foreseen, |_| Some(Act::Clear(case)));
            decided.map(|row| (row, FraudCaseState::Cleared))
        };
        if let Ok((row, state)) = decided {
            assert_eq!((row.state, row.decided_by), (state, Some(operator)));
            let (_, charges) = &self.model.cases[&case];
            for id in charges {
                let charge = &self.model.charges[&self.model.keys[id]];
                let fraud = charge.state == ChargeState::FraudConfirmed;
                assert_eq!(fraud, state == FraudCaseState::Confirmed);
            }
        }
    }
}
