//! What an agent earns, from when on (R08 to R10, R44, E05, E06).

use chrono::{DateTime, TimeDelta, Utc};
use entity::{CommissionRate, Percent, commission_rate};

use super::{Reason, Refusal};

/// A rate and the time in which it is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RatePeriod {
    pub rate: CommissionRate,
    /// Inclusive.
    pub from: DateTime<Utc>,
    /// Exclusive: where the next one begins. `None`: until it is changed.
    pub to: Option<DateTime<Utc>>,
}

/// The rate that an operator asks for, if it is one (R09).
///
/// # Errors
/// `CommissionRateOutOfRange` at `commissionRate`.
pub fn assigned(percent: Percent) -> Result<CommissionRate, Refusal> {
    CommissionRate::try_new(percent)
        .ok_or_else(|| Reason::CommissionRateOutOfRange.at("commissionRate"))
}

/// From when a rate is in force: from now or later, never backwards (E06).
///
/// A rate already set for a later time stays. One that is to begin at the same later instant as another takes its place,
/// since nothing was earned at that one; what begins now, begins after a rate that began this very microsecond.
///
/// # Errors
/// `EffectiveInPast` at `effectiveFrom`.
pub fn effective_from(
    asked: Option<DateTime<Utc>>,
    rates: &[commission_rate::Model],
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, Refusal> {
    match asked {
        Some(asked) if asked < now => Err(Reason::EffectiveInPast.at("effectiveFrom")),
        Some(asked) if asked > now => Ok(asked),
        _ if rates.iter().any(|rate| rate.effective_from == now) => {
            Ok(now + TimeDelta::microseconds(1))
        }
        _ => Ok(now),
    }
}

/// The rate in force at an instant (E05). `None` before the first.
#[must_use]
pub fn rate_at(rates: &[commission_rate::Model], at: DateTime<Utc>) -> Option<CommissionRate> {
    rates
        .iter()
        .filter(|rate| rate.effective_from <= at)
        .max_by_key(|rate| rate.effective_from)
        .map(|rate| rate.commission_rate)
}

/// Every rate's time, newest first, one after the other without gap or overlap.
#[must_use]
pub fn periods(rates: &[commission_rate::Model]) -> Vec<RatePeriod> {
    let mut rates: Vec<_> = rates.iter().collect();
    rates.sort_by_key(|rate| std::cmp::Reverse(rate.effective_from));
    let mut to = None;
    rates
        .into_iter()
        .map(|rate| RatePeriod {
            rate: rate.commission_rate,
            from: rate.effective_from,
            to: to.replace(rate.effective_from),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::{AgentId, Prose, TypedId};
    use uuid::Uuid;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn percent(text: &str) -> Percent {
        Percent::parse(text).unwrap()
    }

    fn rate(seconds: i64, text: &str) -> commission_rate::Model {
        commission_rate::Model {
            agent_id: AgentId::from_uuid(Uuid::nil()),
            effective_from: at(seconds),
            commission_rate: CommissionRate::try_new(percent(text)).unwrap(),
            reason: Prose::parse("agreed").unwrap(),
            set_by: None,
            created_at: at(0),
        }
    }

    #[test]
    fn r09_a_rate_is_one_to_ten_percent_both_included() {
        for text in ["1", "1.00", "3", "9.99", "10.00"] {
            assert_eq!(assigned(percent(text)).unwrap().percent(), percent(text));
        }
        for text in ["0", "0.99", "10.01", "100", "-3"] {
            assert_eq!(
                assigned(percent(text)),
                Err(Reason::CommissionRateOutOfRange.at("commissionRate")),
                "{text}"
            );
        }
    }

    #[test]
    fn e05_the_rate_in_force_at_an_instant_is_the_last_that_began() {
        let rates = [rate(100, "5"), rate(10, "3"), rate(200, "4")];
        let shown = |seconds| rate_at(&rates, at(seconds)).map(|rate| rate.to_string());
        assert_eq!(shown(9), None);
        assert_eq!(shown(10).as_deref(), Some("3.00"));
        assert_eq!(shown(99).as_deref(), Some("3.00"));
        assert_eq!(shown(100).as_deref(), Some("5.00"));
        assert_eq!(shown(1_000).as_deref(), Some("4.00"));
    }

    #[test]
    fn e06_a_rate_is_never_changed_backwards() {
        let rates = [rate(10, "3")];
        assert_eq!(
            effective_from(Some(at(99)), &rates, at(100)),
            Err(Reason::EffectiveInPast.at("effectiveFrom"))
        );
        assert_eq!(effective_from(None, &rates, at(100)), Ok(at(100)));
        assert_eq!(effective_from(Some(at(100)), &rates, at(100)), Ok(at(100)));
        assert_eq!(effective_from(Some(at(500)), &rates, at(100)), Ok(at(500)));
    }

    #[test]
    fn e06_what_began_this_instant_keeps_it() {
        let rates = [rate(100, "3")];
        let after = at(100) + TimeDelta::microseconds(1);
        assert_eq!(effective_from(None, &rates, at(100)), Ok(after));
        assert_eq!(effective_from(Some(at(100)), &rates, at(100)), Ok(after));
    }

    #[test]
    fn r44_periods_follow_each_other_without_gap_or_overlap() {
        let periods = periods(&[rate(100, "5"), rate(10, "3"), rate(200, "4")]);
        assert_eq!(periods.len(), 3);
        assert_eq!(periods[0].to, None);
        assert_eq!(periods[0].from, at(200));
        for pair in periods.windows(2) {
            assert_eq!(pair[1].to, Some(pair[0].from));
        }
        assert_eq!(super::periods(&[]), []);
    }
}
