//! Commission that is taken back: by a refund, a charged-back payment or a confirmed fraud (E07, E08, E28, E29).

use entity::commission::CommissionKind;
use entity::entry::Account;
use entity::{AgentId, ChargeId, CommissionId, Exact, Money, TransactionId, charge, commission};

use super::posting::{Place, Posting, Tell};
use super::{Books, Refusal};

impl Books {
    /// A charge that was asked for by its id.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub fn charge_of(&self, id: ChargeId) -> Result<&charge::Model, Refusal> {
        let key = self.charge_keys.get(&id);
        let found = key.and_then(|key| self.charges.get(key));
        found.ok_or_else(|| Refusal::not_found("charge"))
    }

    /// Takes back what a charge earned on `base` of it, at the rate of its row, as part of a posting under
    /// `transaction_id`: never more than is left of the row, to the last 0.00000001 (E07). Nothing where nothing was
    /// earned or is left, or where all of it was forfeited when the agent was closed (E22).
    ///
    /// It is counted in base, so that `exact` is `base × rate` without rounding; what is posted goes through the carry
    /// as everything earned does (E01). What is held of the row is taken first, and the rest from the commission
    /// balance, which may go below zero by this and by nothing else (E08).
    pub(super) fn claw_back(
        &mut self,
        charge: ChargeId,
        base: Money,
        transaction_id: TransactionId,
        posting: &mut Posting,
    ) -> Option<commission::Model> {
        let earned = self.earned.get(&charge)?;
        let base = base.min(earned.left());
        let row = earned.row.clone();
        if !base.is_positive() || self.hold_state(&row).is_forfeited() {
            return None;
        }
        let exact = row.commission_rate.of(-base);
        let (carry_before, amount, carry_after) = self.round(row.agent_id, exact);
        let clawback = commission::Model {
            id: self.new_id::<CommissionId>(),
            kind: CommissionKind::Clawback,
            base: -base,
            exact,
            amount,
            carry_before,
            carry_after,
            reverses_id: Some(row.id),
            transaction_id,
            occurred_at: self.now,
            created_at: self.now,
            ..row
        };
        self.take_from(&clawback, posting);
        posting.tells(clawback.agent_id, Tell::commission(clawback.id));
        self.tally_clawback(&clawback);
        self.earned.change(&charge, |earned| earned.take(&clawback));
        self.added.commissions.push(clawback.clone());
        Some(clawback)
    }

    /// Moves what a clawback takes: of a row that was earned under a suspension that lasts, from what is held under it, and
    /// the rest from commission.
    fn take_from(&mut self, clawback: &commission::Model, posting: &mut Posting) {
        let agent = clawback.agent_id;
        let (held, commission) = (Place::Held(agent), Place::Commission(agent));
        let expense = Place::House(Account::ExpenseCommission);
        let needed = -clawback.amount;
        let is_held = self.hold_state(clawback).is_held();
        let charge = clawback
            .charge_id
            .expect("what is taken back was earned on a charge");
        // First what a case holds of this very row, which then is the case's no more.
        let from_case = needed.not_negative().min(self.held_by_case(charge));
        if from_case.is_positive() {
            self.mark_held(charge, agent, -from_case);
        }
        let pool = if is_held {
            self.pool(agent) + posting.at(held) - from_case
        } else {
            Money::ZERO
        };
        let from_held = from_case + (needed - from_case).min(pool.not_negative());
        posting.moves(held, expense, from_held);
        posting.moves(commission, expense, needed - from_held);
        if clawback.matures_at > self.now {
            let immature = if is_held {
                &mut self.immature_held
            } else {
                &mut self.immature
            };
            immature.change(&agent, |immature| *immature += clawback.amount);
        }
    }

    /// Brings an exact commission to whole units by the agent's carry: the carry before, the units, the carry after (E01).
    pub(super) fn round(&mut self, agent: AgentId, exact: Exact) -> (Exact, Money, Exact) {
        self.agent_balances
            .change(&agent, |row| {
                let before = row.carry;
                let (amount, after) = (exact + before).floor();
                row.carry = after;
                (before, amount, after)
            })
            .expect("an agent is loaded with its balance")
    }

    fn tally_clawback(&mut self, clawback: &commission::Model) {
        let key = clawback.charge_id.zip(clawback.customer_id);
        let (charge, customer) = key.expect("what is earned is earned on a customer's charge");
        let kind = self.charge_of(charge).map(|charge| charge.kind);
        let kind = kind.expect("what a charge earned is loaded with it");
        let (agent, at, amount) = (clawback.agent_id, clawback.occurred_at, -clawback.amount);
        self.slot(agent, at, kind, |row| row.clawed_back += amount);
        self.day(agent, customer, at, |row| row.clawed_back += amount);
    }
}
