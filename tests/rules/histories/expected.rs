//! What is undone after the fact, foretold transaction by transaction: refunds, chargebacks, transfers taken back,
//! corrections and fraud cases, with the commission that each takes back, holds or releases.

use std::collections::{BTreeMap, VecDeque};

use entity::agent::AgentStatus;
use entity::agent_event::AgentEventKind;
use entity::charge::{ChargeKind, ChargeState};
use entity::commission::{self, CommissionKind};
use entity::entry::Account;
use entity::top_up::TopUpMethod;
use entity::transaction::{self, Cause, TransactionKind};
use entity::{AgentId, ChargeId, CustomerId, FraudCaseId, Money, TopUpId, TransferId, TypedId};
use uuid::Uuid;

use super::charges::moved;
use super::model::{Model, Place, ToldOf, units};
use super::moves::became;
use crate::world::World;

/// What a charge earned, and what is left of it.
pub struct Earning {
    pub row: commission::Model,
    pub taken: i128,
    pub net: i128,
    pub clawbacks: i128,
}

/// What was decided on the books, as the model understands it.
pub enum Act {
    Refund(ChargeId, i128),
    ReverseTopUp(TopUpId),
    ReverseTransfer(TransferId, i128, i128),
    /// Cash of a customer, or commission of an agent.
    Correct(TransactionKind, Place, i128),
    Suspect(Vec<ChargeId>),
    Confirm(FraudCaseId),
    Clear(FraudCaseId),
}

/// A clawback that must be among the rows.
#[derive(Debug)]
pub struct Taken {
    pub charge: ChargeId,
    pub base: i128,
    pub exact: i128,
    pub amount: i128,
    before: i128,
    after: i128,
}

/// What an agent must hear: of a commission that is known, of the next clawback, or of something else.
#[derive(Clone, Copy, Debug)]
pub enum Told {
    Known(AgentEventKind, Uuid),
    Clawback(usize),
}

/// A transaction that must come next.
#[derive(Debug)]
pub struct Expected {
    pub kind: TransactionKind,
    cause: (Cause, Uuid),
    pub moves: BTreeMap<Place, i128>,
    pub rows: Vec<Taken>,
    pub told: Vec<(AgentId, Told)>,
    /// The carries that the agents are told with it.
    pub carries: BTreeMap<AgentId, i128>,
}

impl Expected {
    pub fn new(kind: TransactionKind, cause: (Cause, Uuid)) -> Self {
        Self {
            kind,
            cause,
            moves: BTreeMap::new(),
            rows: Vec::new(),
            told: Vec::new(),
            carries: BTreeMap::new(),
        }
    }

    pub fn at(&self, place: Place) -> i128 {
        self.moves.get(&place).copied().unwrap_or_default()
    }
}

pub fn held(agent: AgentId) -> Place {
    (Account::AgentHeld, Some(agent.uuid()))
}

pub fn commission_of(agent: AgentId) -> Place {
    (Account::AgentCommission, Some(agent.uuid()))
}

pub const EXPENSE: Place = (Account::ExpenseCommission, None);

impl Model {
    /// What all cases hold of an agent.
    pub fn holds_of(&self, agent: AgentId) -> i128 {
        let held = self.holds.iter();
        held.filter(|(charge, _)| self.earnings[*charge].row.agent_id == agent)
            .map(|(_, amount)| amount)
            .sum()
    }

    pub fn fate(&self, world: &World, charge: ChargeId) -> Option<AgentStatus> {
        let row = &self.earnings[&charge].row;
        match row.suspension_id {
            None => Some(AgentStatus::Active),
            Some(_) => became(world, row),
        }
    }

    /// Foretells the transactions of an act.
    pub fn begin(&mut self, world: &World, act: Act) {
        let foretold = match act {
            Act::Refund(charge, amount) => vec![self.refund(world, charge, amount)],
            Act::ReverseTopUp(id) => self.charge_back(world, id),
            Act::ReverseTransfer(id, funding, commission) => {
                let transfer = world.books.transfers.get(&id).expect("a transfer");
                let cause = (Cause::Transfer, id.uuid());
                let mut back = Expected::new(TransactionKind::TransferReversed, cause);
                let from = (Account::CustomerCash, Some(transfer.customer_id.uuid()));
                let account = world.account_of(transfer.agent_id).uuid();
                moved(
                    &mut back.moves,
                    from,
                    (Account::CustomerCash, Some(account)),
                    funding,
                );
                moved(
                    &mut back.moves,
                    from,
                    commission_of(transfer.agent_id),
                    commission,
                );
                let told = Told::Known(AgentEventKind::Transfer, id.uuid());
                back.told.push((transfer.agent_id, told));
                vec![back]
            }
            Act::Correct(kind, place, amount) => {
                let owner = place.1.expect("an owner");
                let cause = match place.0 {
                    Account::CustomerCash => (Cause::Customer, owner),
                    _ => (Cause::Agent, owner),
                };
                let expense = match kind {
                    TransactionKind::Adjustment => Account::ExpenseAdjustment,
                    _ => Account::ExpenseBadDebt,
                };
                let mut corrected = Expected::new(kind, cause);
                moved(&mut corrected.moves, (expense, None), place, amount);
                vec![corrected]
            }
            Act::Suspect(charges) => self.suspect(world, charges),
            Act::Confirm(case) => self.decide_case(world, case, true),
            Act::Clear(case) => self.decide_case(world, case, false),
        };
        assert!(self.foretold.is_empty());
        self.foretold = VecDeque::from(foretold);
    }

    /// The transaction that was foretold: its moves; proves its rows, and keeps them.
    pub fn as_foretold(
        &mut self,
        world: &World,
        transaction: &transaction::Model,
        rows: &[commission::Model],
    ) -> Option<(BTreeMap<Place, i128>, Vec<ToldOf>)> {
        let expected = self.foretold.pop_front()?;
        assert_eq!(transaction.kind, expected.kind);
        assert_eq!((transaction.cause, transaction.cause_id), expected.cause);
        assert_eq!(transaction.occurred_at, world.now());
        assert_eq!(rows.len(), expected.rows.len(), "6: {:?}", expected.rows);
        for (row, taken) in rows.iter().zip(&expected.rows) {
            self.clawback(world, row, taken);
        }
        for (agent, carry) in expected.carries {
            self.carries.insert(agent, carry);
        }
        let told = expected.told.into_iter().map(|(agent, told)| match told {
            Told::Known(kind, subject) => (agent, kind, subject),
            Told::Clawback(at) => (agent, AgentEventKind::Commission, rows[at].id.uuid()),
        });
        Some((expected.moves, told.collect()))
    }

    fn clawback(&mut self, world: &World, row: &commission::Model, taken: &Taken) {
        let of = &self.earnings[&taken.charge];
        let found = (
            units(row.base),
            i128::from(row.exact.units()),
            units(row.amount),
            i128::from(row.carry_before.units()),
            i128::from(row.carry_after.units()),
        );
        let is = (
            -taken.base,
            taken.exact,
            taken.amount,
            taken.before,
            taken.after,
        );
        assert_eq!(found, is, "4, 6: a clawback");
        let expected = commission::Model {
            id: row.id,
            kind: CommissionKind::Clawback,
            base: row.base,
            exact: row.exact,
            amount: row.amount,
            carry_before: row.carry_before,
            carry_after: row.carry_after,
            reverses_id: Some(of.row.id),
            transaction_id: row.transaction_id,
            occurred_at: world.now(),
            created_at: world.now(),
            ..of.row.clone()
        };
        assert_eq!(*row, expected, "E07: at its own rate");
        let sums = self.earned.entry(row.agent_id).or_default();
        sums.0 += taken.exact;
        sums.1 += taken.amount * 10_000;
    }

    /// Takes back what a charge earned on `base`, in a transaction in the making; `carries` are those of the act.
    pub fn take_back(
        &mut self,
        world: &World,
        (charge, base): (ChargeId, i128),
        carries: &mut BTreeMap<AgentId, i128>,
        into: &mut Expected,
    ) {
        let Some(of) = self.earnings.get(&charge) else {
            return;
        };
        let base = base.min(units(of.row.base) - of.taken);
        let fate = self.fate(world, charge);
        if base <= 0 || fate == Some(AgentStatus::Closed) {
            return;
        }
        let of = &self.earnings[&charge];
        let (agent, customer) = (of.row.agent_id, of.row.customer_id.expect("of a customer"));
        let rate = i128::from(of.row.commission_rate.percent().basis_points());
        let before = carries.get(&agent).copied().unwrap_or(self.carries[&agent]);
        let exact = -base * rate;
        let amount = (exact + before).div_euclid(10_000);
        let after = exact + before - amount * 10_000;
        assert!((0..10_000).contains(&after), "4");
        carries.insert(agent, after);
        let needed = -amount;
        let hold = self.holds.get(&charge).copied().unwrap_or_default();
        let from_case = needed.min(hold);
        // What is held under the suspension, of all that nobody decided on.
        let pool = if fate.is_none() {
            self.balance(Account::AgentHeld, agent.uuid()) + into.at(held(agent))
                - self.holds_of(agent)
        } else {
            0
        };
        if from_case > 0 {
            *self.holds.get_mut(&charge).expect("held") -= from_case;
        }
        let from_held = from_case + (needed - from_case).min(pool.max(0));
        moved(&mut into.moves, held(agent), EXPENSE, from_held);
        moved(
            &mut into.moves,
            commission_of(agent),
            EXPENSE,
            needed - from_held,
        );
        into.told.push((agent, Told::Clawback(into.rows.len())));
        into.rows.push(Taken {
            charge,
            base,
            exact,
            amount,
            before,
            after,
        });
        let of = self.earnings.get_mut(&charge).expect("earned");
        of.taken += base;
        of.net += amount;
        of.clawbacks += 1;
        assert!(of.taken <= units(of.row.base), "6");
        let kind = self.charge_by_id(charge).kind;
        let at = world.now().timestamp();
        let slot = (agent, at - at.rem_euclid(900), kind);
        self.slots.entry(slot).or_default()[6] += needed;
        let day = (agent, customer, at - at.rem_euclid(86_400));
        self.days.entry(day).or_default()[6] += needed;
    }

    pub fn charge_by_id(&mut self, id: ChargeId) -> &mut entity::charge::Model {
        let key = self.keys.get(&id).expect("a charge");
        self.charges.get_mut(key).expect("a charge")
    }

    /// E07: of each part the same share, in all.
    fn refund(&mut self, world: &World, id: ChargeId, amount: i128) -> Expected {
        let (promo_paid, cash_paid, own_paid) = self.paid[&id];
        let charge = self.charge_by_id(id);
        let whole = units(charge.amount);
        assert_eq!(whole, promo_paid + cash_paid + own_paid);
        let before = units(charge.refunded);
        let after = before + amount;
        assert!(after <= whole, "6: a refund beyond the charge");
        charge.refunded = Money::from_units(i64::try_from(after).expect("within range"));
        if !is_suspect(charge.state) {
            charge.state = if after == whole {
                ChargeState::Refunded
            } else {
                ChargeState::PartiallyRefunded
            };
        }
        let charge = charge.clone();
        let back = |all: i128| {
            let promo = all * promo_paid / whole;
            let own = if own_paid == 0 {
                0
            } else {
                (all - promo) * own_paid / (whole - promo_paid)
            };
            (promo, all - promo - own, own)
        };
        let (then, now) = (back(before), back(after));
        let revenue = match charge.kind {
            ChargeKind::Call => Account::RevenueCalls,
            ChargeKind::Service => Account::RevenueServices,
            ChargeKind::PlanFee => Account::RevenuePlans,
        };
        let (revenue, owner) = ((revenue, None), Some(charge.customer_id.uuid()));
        let cause = (Cause::Charge, id.uuid());
        let mut refunded = Expected::new(TransactionKind::ChargeRefunded, cause);
        let promo = now.0 - then.0;
        moved(
            &mut refunded.moves,
            revenue,
            (Account::CustomerPromo, owner),
            promo,
        );
        moved(
            &mut refunded.moves,
            revenue,
            (Account::CustomerCash, owner),
            now.1 - then.1,
        );
        if let Some(agent) = world.books.customers[&charge.customer_id].own_of {
            moved(
                &mut refunded.moves,
                revenue,
                commission_of(agent),
                now.2 - then.2,
            );
        }
        let mut carries = BTreeMap::new();
        self.take_back(world, (id, amount - promo), &mut carries, &mut refunded);
        refunded.carries = carries;
        refunded
    }

    /// E29: the cash, and of each charge what the money had paid of it.
    fn charge_back(&mut self, world: &World, id: TopUpId) -> Vec<Expected> {
        let top_up = world.books.top_ups.get(&id).expect("a top-up");
        if top_up.state == entity::top_up::TopUpState::Failed {
            return Vec::new();
        }
        let clearing = match top_up.method {
            TopUpMethod::CreditCard | TopUpMethod::DebitCard => Account::ClearingCard,
            TopUpMethod::Paypal => Account::ClearingPaypal,
            TopUpMethod::Wire => Account::ClearingBank,
        };
        let cause = (Cause::TopUp, id.uuid());
        let mut reversed = Expected::new(TransactionKind::TopUpReversed, cause);
        let from = (Account::CustomerCash, Some(top_up.customer_id.uuid()));
        moved(
            &mut reversed.moves,
            from,
            (clearing, None),
            units(top_up.amount),
        );
        let mut of_agents: BTreeMap<AgentId, Vec<(ChargeId, i128)>> = BTreeMap::new();
        for (charge, base) in self.purses.paid_by(id.uuid()) {
            let charge = ChargeId::from_uuid(charge);
            if let Some(of) = self.earnings.get(&charge) {
                let charges = of_agents.entry(of.row.agent_id).or_default();
                charges.push((charge, base));
            }
        }
        let (mut carries, mut all) = (BTreeMap::new(), Vec::new());
        for charges in of_agents.into_values() {
            let mut taken = Expected::new(TransactionKind::CommissionClawback, cause);
            for charge in charges {
                self.take_back(world, charge, &mut carries, &mut taken);
            }
            if taken.moves.is_empty() {
                // Less than 0.0001 in all: told with the chargeback.
                let begins = reversed.rows.len();
                let told = taken.told.into_iter().map(|(agent, told)| match told {
                    Told::Clawback(at) => (agent, Told::Clawback(begins + at)),
                    known @ Told::Known(..) => (agent, known),
                });
                reversed.told.extend(told);
                reversed.rows.extend(taken.rows);
            } else {
                all.push(taken);
            }
        }
        reversed.carries = carries;
        all.insert(0, reversed);
        all
    }
}

pub fn is_suspect(state: ChargeState) -> bool {
    [ChargeState::FraudHeld, ChargeState::FraudConfirmed].contains(&state)
}

/// The customer's cash, or the agent's commission.
pub fn place_of(owner: agent_program::program::Owner) -> Place {
    match owner {
        agent_program::program::Owner::Customer(id) => cash(id),
        agent_program::program::Owner::Agent(id) => commission_of(id),
    }
}

fn cash(id: CustomerId) -> Place {
    (Account::CustomerCash, Some(id.uuid()))
}
