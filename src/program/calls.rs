//! What a call costs: the same for everybody (R32, E35).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::{Money, PhoneNumber, call_rate};

use super::{Reason, Refusal};

/// The public rates of calls, by prefix.
#[derive(Clone, Debug, Default)]
pub struct CallRates(BTreeMap<String, Vec<call_rate::Model>>);

impl CallRates {
    /// Rates in any order.
    #[must_use]
    pub fn new(rows: impl IntoIterator<Item = call_rate::Model>) -> Self {
        let mut rates = Self::default();
        for row in rows {
            rates.0.entry(row.prefix.clone()).or_default().push(row);
        }
        for of_prefix in rates.0.values_mut() {
            of_prefix.sort_by_key(|row| row.effective_from);
        }
        rates
    }

    /// The longest prefix in force at an instant (E35).
    #[must_use]
    pub fn of(&self, to: &PhoneNumber, at: DateTime<Utc>) -> Option<&call_rate::Model> {
        let digits = to.digits();
        (1..=digits.len()).rev().find_map(|length| {
            let of_prefix = self.0.get(&digits[..length])?;
            of_prefix.iter().rev().find(|row| row.effective_from <= at)
        })
    }
}

/// Every prefix of a number that a rate may stand under.
pub fn prefixes(to: &PhoneNumber) -> impl Iterator<Item = &str> {
    (1..=to.digits().len()).map(|length| &to.digits()[..length])
}

/// The seconds that are paid for: the initial increment, then whole increments (E35).
#[must_use]
pub fn billed_seconds(rate: &call_rate::Model, seconds: i32) -> Option<i32> {
    let beyond = seconds.saturating_sub(rate.initial_increment).max(0);
    let increments = beyond.checked_add(rate.increment - 1)? / rate.increment;
    increments
        .checked_mul(rate.increment)?
        .checked_add(rate.initial_increment)
}

/// The price of a call: the fee and the billed seconds, rounded half-even to 0.0001 once (E35).
///
/// # Errors
/// `INVALID_INPUT` at `durationSeconds` where the price would be out of range.
pub fn price(rate: &call_rate::Model, seconds: i32) -> Result<(i32, Money), Refusal> {
    let too_long =
        || Reason::InvalidInput("The call is too long to be priced.".into()).at("durationSeconds");
    let billed = billed_seconds(rate, seconds).ok_or_else(too_long)?;
    let sixtieths = i128::from(billed) * i128::from(rate.price_per_minute.units());
    let (whole, rest) = (sixtieths / 60, sixtieths % 60);
    let up = rest > 30 || (rest == 30 && whole % 2 == 1);
    let units = i128::from(rate.connection_fee.units()) + whole + i128::from(up);
    i64::try_from(units)
        .ok()
        .map(Money::from_units)
        .filter(|price| *price <= Money::MAX)
        .map(|price| (billed, price))
        .ok_or_else(too_long)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use entity::{CallRateId, Name, TypedId};
    use uuid::Uuid;

    use super::*;

    fn rate(prefix: &str, per_minute: i64, initial: i32, increment: i32) -> call_rate::Model {
        call_rate::Model {
            id: CallRateId::from_uuid(Uuid::now_v7()),
            prefix: prefix.into(),
            effective_from: DateTime::UNIX_EPOCH,
            destination: Name::parse("Somewhere").unwrap(),
            price_per_minute: Money::from_units(per_minute),
            connection_fee: Money::ZERO,
            initial_increment: initial,
            increment,
        }
    }

    #[test]
    fn e35_billed_seconds_are_the_initial_increment_then_whole_increments() {
        let rate = rate("1", 100, 30, 6);
        for (seconds, billed) in [(0, 30), (1, 30), (30, 30), (31, 36), (36, 36), (37, 42)] {
            assert_eq!(billed_seconds(&rate, seconds), Some(billed));
        }
        assert!(price(&rate, i32::MAX).is_err());
    }

    #[test]
    fn e35_a_price_is_rounded_half_even_once() {
        for (per_minute, seconds, price_units) in [
            (198, 60, 198),
            (1, 30, 0),
            (3, 30, 2),
            (5, 30, 2),
            (7, 30, 4),
            (1, 31, 1),
        ] {
            let (_, found) = price(&rate("1", per_minute, 1, 1), seconds).unwrap();
            assert_eq!(found.units(), price_units, "{per_minute} for {seconds} s");
        }
    }

    #[test]
    fn e35_the_longest_prefix_in_force_wins() {
        let mut later = rate("1212", 50, 60, 60);
        later.effective_from += TimeDelta::days(1);
        let rates = CallRates::new([later, rate("1", 10, 60, 60), rate("44", 30, 60, 60)]);
        let to = PhoneNumber::parse("+12125550123").unwrap();
        let at = |days| DateTime::UNIX_EPOCH + TimeDelta::days(days);
        assert_eq!(rates.of(&to, at(0)).unwrap().prefix, "1");
        assert_eq!(rates.of(&to, at(1)).unwrap().prefix, "1212");
        assert!(
            rates
                .of(&PhoneNumber::parse("+81312345678").unwrap(), at(9))
                .is_none()
        );
        assert_eq!(prefixes(&to).count(), 11);
    }
}
