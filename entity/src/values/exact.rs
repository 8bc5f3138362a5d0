use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub};

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

use super::Money;

/// A commission before rounding, as a count of 1/100000000: four decimals of the amount and four of the rate.
///
/// Source: E01. What is posted is `floor4(exact + carry)`; the rest is the agent's next carry.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
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
pub struct Exact(i64);

impl Exact {
    /// 0.00000000.
    pub const ZERO: Self = Self(0);
    /// One unit of [`Money`]: 0.0001.
    pub const MONEY_UNIT: i64 = 10_000;

    /// From a count of 1/100000000.
    #[must_use]
    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// The count of 1/100000000.
    #[must_use]
    pub const fn units(self) -> i64 {
        self.0
    }

    /// What can be posted, rounded towards minus infinity to 0.0001, and what is left: `0 <= carry < 0.0001`.
    #[must_use]
    pub const fn floor(self) -> (Money, Self) {
        (
            Money::from_units(self.0.div_euclid(Self::MONEY_UNIT)),
            Self(self.0.rem_euclid(Self::MONEY_UNIT)),
        )
    }
}

impl From<Money> for Exact {
    /// Exact for every amount that a client can write; the sums of a whole program are made in `i128`.
    fn from(amount: Money) -> Self {
        Self(amount.units() * Self::MONEY_UNIT)
    }
}

impl fmt::Display for Exact {
    /// Eight decimals, always.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(
            f,
            "{sign}{}.{:08}",
            units / 100_000_000,
            units % 100_000_000
        )
    }
}

impl Add for Exact {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Exact {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Exact {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Exact {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e01_the_floor_goes_towards_minus_infinity() {
        for (units, posted, carry) in [
            (15_940, 1, 5_940),
            (-1, -1, 9_999),
            (0, 0, 0),
            (-10_000, -1, 0),
        ] {
            assert_eq!(
                Exact::from_units(units).floor(),
                (Money::from_units(posted), Exact::from_units(carry))
            );
        }
    }
}
