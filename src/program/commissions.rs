//! What a charge earns, and whom (R08 to R15, R42, E01 to E05, E22).

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use entity::agent::AgentStatus;
use entity::charge::ChargeKind;
use entity::commission::CommissionKind;
use entity::entry::Account;
use entity::{
    AgentId, CommissionId, CommissionRate, CustomerId, Exact, Money, TransactionId, agent_slot,
    charge, commission, customer_day,
};

use super::books::{AgentFile, CustomerFile};
use super::posting::{Place, Posting, Tell};
use super::standing::{HoldState, Suspended};
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

/// A commission to be credited.
#[derive(Clone, Copy)]
pub(super) struct Credit<'a> {
    pub kind: CommissionKind,
    /// None for a bonus.
    pub charge: Option<&'a charge::Model>,
    pub base: Money,
    pub commission_rate: CommissionRate,
    pub exact: Exact,
    pub occurred_at: DateTime<Utc>,
    /// Under which suspension it is earned (E22).
    pub suspended: Option<Suspended>,
    pub transaction_id: TransactionId,
}

/// The part of [`commission::Model`] that only its rules need.
pub(super) trait CommissionRow {
    /// Where it was credited.
    fn place(&self) -> Place;
}

impl CommissionRow for commission::Model {
    fn place(&self) -> Place {
        if self.held {
            Place::Held(self.agent_id)
        } else {
            Place::Commission(self.agent_id)
        }
    }
}

impl Books {
    /// Credits the agent of record for a charge, in the charge's own posting, and keeps the roll-ups. Answers what is
    /// forfeited as soon as it is posted.
    ///
    /// Nothing is earned on what was paid with promotional credit or passed through, or by an agent that was closed by
    /// then; one that was suspended then earns into `held` (E22).
    pub(super) fn earn(
        &mut self,
        charge: &charge::Model,
        transaction_id: TransactionId,
        posting: &mut Posting,
    ) -> Option<commission::Model> {
        let agent_id = charge.agent_id?;
        let file = self.agents.get(&agent_id).cloned();
        let file = file.expect("a customer is loaded with its agents");
        let base = charge.amount - charge.promo_part;
        let at = charge.occurred_at.min(self.now);
        let earns = charge.commissionable
            && base.is_positive()
            && file.status_at(at) != AgentStatus::Closed;
        let commission_rate = file.commission_rate_at(at).filter(|_| earns);
        let Some(commission_rate) = commission_rate else {
            self.tally(agent_id, charge, Money::ZERO, Money::ZERO);
            return None;
        };
        let suspended = file.suspended_at(at);
        let row = self.credit(
            &file,
            Credit {
                kind: CommissionKind::Earned,
                charge: Some(charge),
                base,
                commission_rate,
                exact: commission_rate.of(base),
                occurred_at: charge.occurred_at,
                suspended,
                transaction_id,
            },
        );
        let from = Place::House(Account::ExpenseCommission);
        posting.moves(from, row.place(), row.amount);
        posting.tells(agent_id, Tell::commission(row.id));
        self.tally(agent_id, charge, base, row.amount);
        suspended
            .is_some_and(|suspended| suspended.hold_state().is_forfeited())
            .then_some(row)
    }

    /// Adds a commission to the rows, and to the agent's carry (E01); the posting is the caller's.
    pub(super) fn credit(&mut self, file: &AgentFile, credit: Credit) -> commission::Model {
        let agent_id = file.agent.id;
        let id: CommissionId = self.new_id();
        let (carry_before, amount, carry_after) = self.round(agent_id, credit.exact);
        let hold = TimeDelta::days(i64::from(self.terms.payout_hold_days));
        let suspended = credit.suspended.map(Suspended::hold_state);
        let state = suspended.unwrap_or(HoldState::Free);
        if self.terms.payout_hold_days > 0 {
            let young = |immature: &mut Money| *immature += amount;
            match state {
                HoldState::Free => self.immature.change(&agent_id, young),
                HoldState::Held => self.immature_held.change(&agent_id, young),
                HoldState::Forfeited => None,
            };
        }
        let row = commission::Model {
            id,
            agent_id,
            customer_id: credit.charge.map(|charge| charge.customer_id),
            charge_id: credit.charge.map(|charge| charge.id),
            kind: credit.kind,
            base: credit.base,
            commission_rate: credit.commission_rate,
            exact: credit.exact,
            amount,
            carry_before,
            carry_after,
            // What is lost goes by `held` too.
            held: state != HoldState::Free,
            suspension_id: credit.suspended.map(|suspended| suspended.id),
            reverses_id: None,
            transaction_id: credit.transaction_id,
            occurred_at: credit.occurred_at,
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
