use std::fmt;

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

/// Digits that cannot be a number of this program: too few, too many, or a check digit that does not fit (E21).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the number is mistyped: its check digit does not fit")]
pub struct MalformedNumber;

/// Damm's quasigroup of order ten: finds every single wrong digit and every swap of neighbours.
const DAMM: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// The check digit of ASCII digits; zero for digits that end in their own.
fn damm(digits: &str) -> u8 {
    digits.bytes().fold(0, |interim, digit| {
        DAMM[usize::from(interim)][usize::from(digit - b'0')]
    })
}

/// `plain` with its check digit behind it.
fn with_check_digit(plain: u64) -> String {
    let digits = plain.to_string();
    let check = damm(&digits);
    format!("{digits}{check}")
}

/// Reads `length` digits that end in their check digit; spaces and dashes between them are ignored.
fn parse(text: &str, length: usize) -> Result<String, MalformedNumber> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let well_formed =
        digits.len() == length && digits.bytes().all(|b| b.is_ascii_digit()) && damm(&digits) == 0;
    well_formed.then_some(digits).ok_or(MalformedNumber)
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident: $length:literal digits;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// How many digits it has, the check digit included.
            pub const LENGTH: usize = $length;
            /// How many different ones there are.
            pub const COUNT: u64 = 9 * 10_u64.pow($length - 2);

            /// The number at an index below [`Self::COUNT`]; a larger index goes round.
            #[must_use]
            pub fn nth(index: u64) -> Self {
                Self(with_check_digit(10_u64.pow($length - 2) + index % Self::COUNT))
            }

            /// Reads it as a person types it: spaces and dashes are ignored.
            ///
            /// # Errors
            /// [`MalformedNumber`] where the digits are too few or too many or the check digit does not fit (E21).
            pub fn parse(text: &str) -> Result<Self, MalformedNumber> {
                parse(text, $length).map(Self)
            }

            /// Its digits.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

numbers! {
    /// The public Agent ID: eight digits, the last a check digit, so that a typo never pays a stranger (E21).
    AgentNumber: 8 digits;
    /// The public number of a telephone account: ten digits, the last a check digit.
    AccountNumber: 10 digits;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e21_every_wrong_digit_and_every_swap_of_neighbours_is_found() {
        let number = AgentNumber::nth(4_711_812);
        let digits = number.as_str().as_bytes();
        for i in 0..digits.len() {
            for digit in b'0'..=b'9' {
                let mut typo = digits.to_vec();
                typo[i] = digit;
                let typo = String::from_utf8(typo).unwrap();
                assert_eq!(AgentNumber::parse(&typo).is_ok(), typo == number.as_str());
            }
            if i > 0 && digits[i] != digits[i - 1] {
                let mut swapped = digits.to_vec();
                swapped.swap(i, i - 1);
                assert!(AgentNumber::parse(&String::from_utf8(swapped).unwrap()).is_err());
            }
        }
    }

    #[test]
    fn a_number_is_read_as_people_type_it() {
        let number = AgentNumber::nth(3);
        let (a, b) = number.as_str().split_at(4);
        assert_eq!(AgentNumber::parse(&format!(" {a}-{b} ")), Ok(number));
        for text in ["", "1", "abcdefgh", "٣٣٣٣٣٣٣٣"] {
            assert_eq!(AgentNumber::parse(text), Err(MalformedNumber));
        }
    }
}
