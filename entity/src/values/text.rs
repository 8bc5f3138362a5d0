use std::fmt;
use std::str::FromStr;

use email_address::EmailAddress;
use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Why a text was not taken. Names no part of it, so that it can be shown as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidText(pub &'static str);

/// One line of text in NFC, trimmed, without control characters, of `1..=max` characters.
fn line(text: &str, max: usize, wrong_length: &'static str) -> Result<String, InvalidText> {
    let text: String = text.trim().nfc().collect();
    if text.chars().any(is_unprintable) {
        return Err(InvalidText("must not hold control characters"));
    }
    if (1..=max).contains(&text.chars().count()) {
        Ok(text)
    } else {
        Err(InvalidText(wrong_length))
    }
}

/// Control characters, and the marks that turn the direction of what stands beside them.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Its text.
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

        impl FromStr for $name {
            type Err = InvalidText;
            fn from_str(text: &str) -> Result<Self, InvalidText> {
                Self::parse(text)
            }
        }
    )*};
}

texts! {
    /// A name or another line for people: 1 to 200 characters, NFC, without control characters.
    Name;
    /// Longer text for people: 1 to 4,000 characters, NFC, without control characters but line breaks and tabs.
    Prose;
    /// An e-mail address, as its owner writes it.
    Email;
    /// An E.164 telephone number, with its plus sign.
    PhoneNumber;
    /// A client's own name for one request that moves money: 1 to 255 characters.
    IdempotencyKey;
}

impl sea_orm::TryFromU64 for IdempotencyKey {
    fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
        Err(sea_orm::DbErr::ConvertFromU64("IdempotencyKey"))
    }
}

impl Name {
    /// # Errors
    /// When it is empty or blank, longer than 200 characters, or holds control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        line(text, 200, "must be 1 to 200 characters long").map(Self)
    }
}

impl Prose {
    /// # Errors
    /// When it is empty or blank, longer than 4,000 characters, or holds control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let text: String = text.trim().nfc().collect();
        if text
            .chars()
            .any(|c| is_unprintable(c) && !matches!(c, '\n' | '\r' | '\t'))
        {
            return Err(InvalidText("must not hold control characters"));
        }
        let fits = (1..=4_000).contains(&text.chars().count());
        fits.then_some(Self(text))
            .ok_or(InvalidText("must be 1 to 4,000 characters long"))
    }
}

impl Email {
    /// # Errors
    /// When it is no address of the form `local@domain.tld` of at most 254 characters.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        const WRONG: InvalidText = InvalidText("must be an e-mail address such as ada@example.com");
        let text = line(text, 254, WRONG.0)?;
        let plain = !text.contains([' ', '"', '<', '>', '(', ')', ',', ';', '\\', '[', ']']);
        let parses =
            EmailAddress::from_str(&text).is_ok_and(|address| address.domain().contains('.'));
        (plain && parses).then_some(Self(text)).ok_or(WRONG)
    }

    /// What makes two addresses one login: letters of either case are the same.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    /// What makes two addresses one person (E18): in any case and with any `+tag`.
    #[must_use]
    pub fn person(&self) -> String {
        let key = self.key();
        let (local, domain) = key.rsplit_once('@').unwrap_or((&key, ""));
        let untagged = local.split_once('+').map_or(local, |(name, _)| name);
        format!("{untagged}@{domain}")
    }
}

impl PhoneNumber {
    /// # Errors
    /// When it is not `+`, then 7 to 15 digits of which the first is not zero.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let digits = text.strip_prefix('+').unwrap_or_default();
        let e164 = (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        e164.then(|| Self(text.to_owned()))
            .ok_or(InvalidText("must be an E.164 number such as +12125550123"))
    }

    /// The digits behind the plus sign.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }

    /// The last four digits hidden, as an agent sees the calls of customers that it does not manage (E32).
    #[must_use]
    pub fn masked(&self) -> String {
        format!("{}****", &self.0[..self.0.len() - 4])
    }
}

impl IdempotencyKey {
    /// # Errors
    /// When it is empty, longer than 255 characters, or holds control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let fits = (1..=255).contains(&text.chars().count());
        if text.chars().any(char::is_control) {
            return Err(InvalidText("must not hold control characters"));
        }
        fits.then(|| Self(text.to_owned()))
            .ok_or(InvalidText("must be 1 to 255 characters long"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_to_200_printable_characters_in_nfc() {
        assert_eq!(Name::parse(" Zoe\u{308} ").unwrap().as_str(), "Zo\u{eb}");
        assert!(Name::parse(&"x".repeat(200)).is_ok());
        for text in [
            "",
            "   ",
            "a\u{0}b",
            "a\nb",
            "a\u{202e}b",
            &"x".repeat(201),
            &"x".repeat(10_000),
        ] {
            assert!(Name::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn e18_case_and_tag_do_not_make_another_person() {
        let email = Email::parse("Anna.B+shop@Example.com").unwrap();
        assert_eq!(email.key(), "anna.b+shop@example.com");
        assert_eq!(email.person(), "anna.b@example.com");
        for text in [
            "",
            "a b@example.com",
            "anna",
            "anna@",
            "@example.com",
            "anna@localhost",
            "a@b@c.com",
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn e32_a_masked_number_hides_its_last_four_digits() {
        assert_eq!(
            PhoneNumber::parse("+12125550123").unwrap().masked(),
            "+1212555****"
        );
        for text in [
            "",
            "+",
            "12125550123",
            "+0125550123",
            "+123456",
            "+1234567890123456",
            "+1212555O123",
        ] {
            assert!(PhoneNumber::parse(text).is_err(), "{text:?}");
        }
    }
}
