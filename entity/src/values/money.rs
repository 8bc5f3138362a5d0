use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

/// An amount in the program's currency, as a count of 1/10000: `Money::from_units(300)` is 0.0300.
///
/// Integer in the database and here, so no amount ever meets a float. At most [`Money::MAX_DIGITS`] digits before the
/// point are read from a client, so that sums of many amounts stay far from the ends of an `i64`; what could still
/// overflow goes through [`Money::checked_add`].
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
pub struct Money(i64);

impl Money {
    /// 0.0000.
    pub const ZERO: Self = Self(0);
    /// 0.01: top-ups and payouts are whole multiples of it (E11).
    pub const CENT: Self = Self(100);
    /// How many digits a client may write before the point.
    pub const MAX_DIGITS: usize = 11;
    /// The largest amount that a client may write: 99999999999.9999.
    pub const MAX: Self = Self(999_999_999_999_999);
    const SCALE: u64 = 10_000;

    /// From a count of 1/10000 of the currency.
    #[must_use]
    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// The count of 1/10000 of the currency.
    #[must_use]
    pub const fn units(self) -> i64 {
        self.0
    }

    /// Reads `-?digits[.digits]`, ASCII, at most 11 digits before the point and 4 behind it; nothing else.
    ///
    /// No sign `+`, no exponent, no spaces, no grouping, no point without digits on both sides.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = text
            .strip_prefix('-')
            .map_or((false, text), |rest| (true, rest));
        let units = parse_scaled(digits, Self::MAX_DIGITS, 4)?;
        Some(Self(if negative { -units } else { units }))
    }

    /// More than nothing.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Less than nothing: owed.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whole cents, as top-ups and payouts must be (E11).
    #[must_use]
    pub const fn is_whole_cents(self) -> bool {
        self.0 % Self::CENT.0 == 0
    }

    /// The amount, or zero where it is below zero: what can be spent of a balance.
    #[must_use]
    pub fn not_negative(self) -> Self {
        self.max(Self::ZERO)
    }

    /// The sum, or `None` where it would leave the range of an `i64`.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

/// Reads `digits[.digits]` as a count of `10^-places`.
pub(super) fn parse_scaled(text: &str, max_whole: usize, places: usize) -> Option<i64> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (text, ""),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty()
        || whole.len() > max_whole
        || fraction.len() > places
        || !digits(whole)
        || !digits(fraction)
    {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok()
}

impl fmt::Display for Money {
    /// Four decimals, always (R13).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(
            f,
            "{sign}{}.{:04}",
            units / Self::SCALE,
            units % Self::SCALE
        )
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r13_money_shows_four_decimals_always() {
        for (text, shown) in [
            ("0.3", "0.3000"),
            ("10", "10.0000"),
            ("-0.0001", "-0.0001"),
            ("99999999999.9999", "99999999999.9999"),
        ] {
            assert_eq!(Money::parse(text).expect(text).to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "+5",
            "1e3",
            "1.00000",
            "123456789012",
            "١٢",
            " 1",
            "1 ",
            "1,000",
            "--1",
            "0x1",
            "1_0",
            "NaN",
            "1.-1",
        ] {
            assert_eq!(Money::parse(text), None, "{text:?}");
        }
    }
}
