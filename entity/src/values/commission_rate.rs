use std::fmt;

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

use super::money::parse_scaled;
use super::{Exact, Money};

/// A percentage with two decimals, in basis points: 300 is 3.00%. Any, where [`CommissionRate`] has its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(i64);

impl Percent {
    /// From basis points.
    #[must_use]
    pub const fn from_basis_points(basis_points: i64) -> Self {
        Self(basis_points)
    }

    /// In basis points: 300 is 3.00%.
    #[must_use]
    pub const fn basis_points(self) -> i64 {
        self.0
    }

    /// Reads `-?digits[.digits]` with at most two decimals and five digits before the point.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = text
            .strip_prefix('-')
            .map_or((false, text), |rest| (true, rest));
        let basis_points = parse_scaled(digits, 5, 2)?;
        Some(Self(if negative {
            -basis_points
        } else {
            basis_points
        }))
    }
}

impl fmt::Display for Percent {
    /// Two decimals, always.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let points = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", points / 100, points % 100)
    }
}

/// What an agent earns on what its customers pay for, in basis points: 300 is 3%. From 1% to 10% (R09).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    DeriveValueType,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct CommissionRate(i16);

impl CommissionRate {
    /// R09: 1%, included.
    pub const MIN: Self = Self(100);
    /// R09: 10%, included.
    pub const MAX: Self = Self(1_000);

    /// The rate, or `None` outside of 1% to 10% (R09).
    #[must_use]
    pub fn try_new(percent: Percent) -> Option<Self> {
        let rate = Self(i16::try_from(percent.0).ok()?);
        (Self::MIN..=Self::MAX).contains(&rate).then_some(rate)
    }

    /// The same as a percentage.
    #[must_use]
    pub fn percent(self) -> Percent {
        Percent(i64::from(self.0))
    }

    /// `base × rate`, before rounding (E01).
    #[must_use]
    pub fn of(self, base: Money) -> Exact {
        Exact::from_units(base.units() * i64::from(self.0))
    }
}

impl fmt::Display for CommissionRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.percent().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r09_a_rate_is_one_to_ten_percent() {
        let rate = |text| {
            CommissionRate::try_new(Percent::parse(text).expect(text)).map(|rate| rate.to_string())
        };
        assert_eq!(rate("0.99"), None);
        assert_eq!(rate("1"), Some("1.00".into()));
        assert_eq!(rate("10.00"), Some("10.00".into()));
        assert_eq!(rate("10.01"), None);
        assert_eq!(rate("99999"), None);
        assert_eq!(rate("-3"), None);
    }

    #[test]
    fn r11_r12_three_percent_is_exact() {
        let rate = CommissionRate(300);
        assert_eq!(
            rate.of(Money::parse("10").unwrap()).floor(),
            (Money::parse("0.3000").unwrap(), Exact::ZERO)
        );
        assert_eq!(
            rate.of(Money::parse("1.00").unwrap()).floor(),
            (Money::parse("0.0300").unwrap(), Exact::ZERO)
        );
        assert_eq!(
            rate.of(Money::parse("0.0198").unwrap()).to_string(),
            "0.00059400"
        );
    }
}
