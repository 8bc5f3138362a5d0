//! The scalars, as the schema writes and reads them. None takes a number where a string is meant, and no message repeats
//! what was sent.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime as Instant, Datelike, NaiveDate, SecondsFormat, SubsecRound, Timelike, Utc};

/// A scalar that is read from a string.
pub trait Read: Sized {
    /// What it is inside.
    type Inner;
    /// What it has to be, as the end of a sentence that begins with the field's name.
    const MUST: &'static str;
    /// Reads it, or nothing.
    fn read(text: &str) -> Option<Self::Inner>;
    /// Reads it from whatever a client sent.
    fn from_value(value: &Value) -> Option<Self::Inner> {
        match value {
            Value::String(text) => Self::read(text),
            _ => None,
        }
    }
}

macro_rules! scalar {
    ($(#[$doc:meta])* $name:ident($inner:ty), $must:literal, $read:expr, $write:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(pub $inner);

        impl From<$inner> for $name {
            fn from(inner: $inner) -> Self {
                Self(inner)
            }
        }

        impl Read for $name {
            type Inner = $inner;
            const MUST: &'static str = $must;
            fn read(text: &str) -> Option<$inner> {
                let read: fn(&str) -> Option<$inner> = $read;
                read(text)
            }
        }

        $(#[$doc])*
        #[Scalar]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                Self::from_value(&value)
                    .map(Self)
                    .ok_or_else(|| InputValueError::custom($must))
            }

            fn to_value(&self) -> Value {
                let write: fn(&$inner) -> String = $write;
                Value::String(write(&self.0))
            }
        }
    };
}

scalar!(
    /// An amount in the program's currency: a JSON string with at most four decimals in, exactly four out (`"0.3000"`).
    /// Never a number. At most 11 digits before the point; a minus sign, but no plus sign, exponent, spaces or grouping.
    Money(entity::Money),
    "must be an amount as a JSON string such as \"12.50\", with at most 11 digits before the point and 4 behind it",
    entity::Money::parse,
    ToString::to_string
);

scalar!(
    /// A percentage as a JSON string with at most two decimals in, exactly two out: `"3.00"` is 3%.
    Percent(entity::Percent),
    "must be a percentage as a JSON string such as \"3.00\", with at most 2 decimals",
    entity::Percent::parse,
    ToString::to_string
);

scalar!(
    /// An RFC 3339 instant, in UTC and with three fraction digits when written: `2026-11-22T09:30:00.000Z`. Any offset is
    /// read.
    DateTime(Instant<Utc>),
    "must be an RFC 3339 instant with its offset, such as \"2026-11-22T09:30:00Z\"",
    read_instant,
    |at| at.to_rfc3339_opts(SecondsFormat::Millis, true)
);

scalar!(
    /// A calendar date, `YYYY-MM-DD`.
    Date(NaiveDate),
    "must be a date such as \"2026-11-22\"",
    read_date,
    |date| date.format("%Y-%m-%d").to_string()
);

scalar!(
    /// An E.164 telephone number, with its plus sign: `+12125550123`.
    PhoneNumber(entity::PhoneNumber),
    "must be an E.164 number such as \"+12125550123\"",
    |text| entity::PhoneNumber::parse(text).ok(),
    ToString::to_string
);

scalar!(
    /// A decimal number as a JSON string with exactly eight places: `"0.00059400"`. Only ever written, never read.
    Decimal(entity::Exact),
    "is never read",
    |_| None,
    ToString::to_string
);

fn read_instant(text: &str) -> Option<Instant<Utc>> {
    let at = Instant::parse_from_rfc3339(text).ok()?.to_utc();
    let is_leap_second = at.nanosecond() >= 1_000_000_000;
    ((1..=9_999).contains(&at.year()) && !is_leap_second).then(|| at.trunc_subsecs(6))
}

fn read_date(text: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (text.len() == 10 && !text.starts_with('+') && (1..=9_999).contains(&date.year()))
        .then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_from_strings_only() {
        assert_eq!(
            Money::from_value(&Value::String("10".into())),
            entity::Money::parse("10")
        );
        assert_eq!(Money::from_value(&Value::Number(10.into())), None);
    }

    #[test]
    fn instants_are_written_in_utc_with_three_digits() {
        let at = DateTime::read("2026-11-22T10:30:00+01:00").unwrap();
        assert_eq!(
            DateTime(at).to_value(),
            Value::String("2026-11-22T09:30:00.000Z".into())
        );
        for text in [
            "",
            "2026-11-22",
            "2026-11-22T10:30:00",
            "2016-12-31T23:59:60Z",
            "9999-12-31T23:59:59-23:59",
        ] {
            assert_eq!(DateTime::read(text), None, "{text}");
        }
    }

    #[test]
    fn dates_have_ten_letters() {
        assert!(Date::read("2026-11-22").is_some());
        for text in ["2026-1-2", "2026-02-30", "22.11.2026", "+2026-11-2"] {
            assert_eq!(Date::read(text), None, "{text}");
        }
    }
}
