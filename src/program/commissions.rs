//! What a charge earns, and whom (R08 to R15, R42, E01 to E05, E22).

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use entity::agent::AgentStatus;
use entity::charge::ChargeKind;
use entity::commission::CommissionKind;
use entity::entry::Account;
use entity::{
    AgentId, CommissionId, CommissionRate, CustomerId, Money, TransactionId, agent_slot, charge,
    commission, customer_day,
};

use super::books::{AgentFile, CustomerFile};
use super::posting::{Place, Posting, Tell};
use super::{Books, rates};

impl CustomerFile {
    /// The agent of record at an instant (E05): affiliations begin inclusive and end exclusive.
    #[must_use]
    pub fn agent_at(&self, at: DateTime<Utc>) -> Option<AgentId> {
        let mut times = self.affiliations.iter();
        times
            .find(|time| time.since <= at && time.until.is_none_or(|until| at < until))
            .map(|time| time.agent_id)
    }

    /// The agent of record now: of an affiliation that is open.
    #[must_use]
    pub fn agent_now(&self) -> Option<AgentId> {
        let mut times = self.affiliations.iter();
        times
            .find(|time| time.until.is_none())
            .map(|time| time.agent_id)
    }
}

impl AgentFile {
    /// The rate in force at an instant (E05); before the first one, none.
    #[must_use]
    pub fn commission_rate_at(&self, at: DateTime<Utc>) -> Option<CommissionRate> {
        rates::rate_at(&self.rates, at)
    }
}

impl Books {
    /// Credits the agent of record for a charge, in the charge's own posting, and keeps the roll-ups.
    ///
    /// Nothing is earned on what was paid with promotional credit or passed through, or by an agent that is closed;
    /// one that is suspended earns into `held` (E22).
    pub(super) fn earn(
        &mut self,
        charge: &charge::Model,
        transaction_id: TransactionId,
        posting: &mut Posting,
    ) {
        let Some(agent_id) = charge.agent_id else {
            return;
        };
        let file = self.agents.get(&agent_id).cloned();
        let file = file.expect("a customer is loaded with its agents");
        let base = charge.amount - charge.promo_part;
        let commission_rate = file.commission_rate_at(charge.occurred_at.min(self.now));
        let earns =
            charge.commissionable && base.is_positive() && file.agent.status != AgentStatus::Closed;
        let earned = match commission_rate {
            Some(commission_rate) if earns => {
                let row = self.credit(charge, base, commission_rate, transaction_id, &file);
                let to = if row.held {
                    Place::Held(agent_id)
                } else {
                    Place::Commission(agent_id)
                };
                posting.moves(Place::House(Account::ExpenseCommission), to, row.amount);
                posting.tells(agent_id, Tell::commission(row.id));
                Some((base, row.amount))
            }
            _ => None,
        };
        let (base, amount) = earned.unwrap_or_default();
        self.tally(agent_id, charge, base, amount);
    }

    fn credit(
        &mut self,
        charge: &charge::Model,
        base: Money,
        commission_rate: CommissionRate,
        transaction_id: TransactionId,
        file: &AgentFile,
    ) -> commission::Model {
        let id: CommissionId = self.new_id();
        let exact = commission_rate.of(base);
        let (carry_before, amount, carry_after) = self.round(file.agent.id, exact);
        let hold = TimeDelta::days(i64::from(self.terms.payout_hold_days));
        let held = file.agent.status == AgentStatus::Suspended;
        if !held && self.terms.payout_hold_days > 0 {
            self.immature
                .change(&file.agent.id, |immature| *immature += amount);
        }
        let row = commission::Model {
            id,
            agent_id: file.agent.id,
            customer_id: Some(charge.customer_id),
            charge_id: Some(charge.id),
            kind: CommissionKind::Earned,
            base,
            commission_rate,
            exact,
            amount,
            carry_before,
            carry_after,
            held,
            reverses_id: None,
            transaction_id,
            occurred_at: charge.occurred_at,
            created_at: self.now,
            matures_at: self.now + hold,
        };
        self.added.commissions.push(row.clone());
        row
    }

    /// Adds a charge to the roll-ups that reports are read from (R23).
    pub(super) fn tally(
        &mut self,
        agent_id: AgentId,
        charge: &charge::Model,
        base: Money,
        earned: Money,
    ) {
        let calls = i64::from(charge.kind == ChargeKind::Call);
        let call_seconds = charge.call_seconds.map_or(0, i64::from);
        let at = charge.occurred_at;
        self.slot(agent_id, at, charge.kind, |row| {
            row.charges += 1;
            row.calls += calls;
            row.call_seconds += call_seconds;
            row.spent += charge.amount;
            row.base += base;
            row.earned += earned;
        });
        self.day(agent_id, charge.customer_id, at, |row| {
            row.charges += 1;
            row.calls += calls;
            row.call_seconds += call_seconds;
            row.spent += charge.amount;
            row.base += base;
            row.earned += earned;
            row.last_charge_at = row.last_charge_at.max(Some(at));
        });
    }

    /// Adds to an agent's quarter of an hour.
    pub(super) fn slot(
        &mut self,
        agent_id: AgentId,
        at: DateTime<Utc>,
        kind: ChargeKind,
        add: impl FnOnce(&mut agent_slot::Model),
    ) {
        let slot = slot_of(at);
        let key = (agent_id, slot, kind);
        if self.slots.get(&key).is_none() {
            self.slots.add(key, empty_slot(agent_id, slot, kind));
        }
        self.slots.change(&key, add);
    }

    /// Adds to a customer's day with an agent.
    pub(super) fn day(
        &mut self,
        agent_id: AgentId,
        customer_id: CustomerId,
        at: DateTime<Utc>,
        add: impl FnOnce(&mut customer_day::Model),
    ) {
        let day = at.date_naive();
        let key = (agent_id, customer_id, day);
        if self.days.get(&key).is_none() {
            self.days.add(key, empty_day(agent_id, customer_id, day));
        }
        self.days.change(&key, add);
    }
}

/// When the quarter of an hour of an instant begins.
///
/// # Panics
/// Never: every instant that the books take lies within the range of the calendar.
#[must_use]
pub fn slot_of(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::minutes(15))
        .expect("a quarter of an hour divides every instant")
}

fn empty_slot(agent_id: AgentId, slot: DateTime<Utc>, kind: ChargeKind) -> agent_slot::Model {
    agent_slot::Model {
        agent_id,
        slot,
        kind,
        charges: 0,
        calls: 0,
        call_seconds: 0,
        spent: Money::ZERO,
        base: Money::ZERO,
        earned: Money::ZERO,
        clawed_back: Money::ZERO,
    }
}

fn empty_day(
    agent_id: AgentId,
    customer_id: CustomerId,
    day: chrono::NaiveDate,
) -> customer_day::Model {
    customer_day::Model {
        agent_id,
        customer_id,
        day,
        charges: 0,
        calls: 0,
        call_seconds: 0,
        spent: Money::ZERO,
        base: Money::ZERO,
        earned: Money::ZERO,
        clawed_back: Money::ZERO,
        last_charge_at: None,
    }
}
