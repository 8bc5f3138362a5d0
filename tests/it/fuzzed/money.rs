//! Whatever comes as an amount is read as the schema says, or not at all, and is written as it was meant.

use agent_program::graphql::scalars::{self, Read};
use async_graphql::{Name, ScalarType, Value};
use entity::Money;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// A text, and as a number what its bytes are.
pub fn read(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        as_text(text);
    }
    if let Some(bytes) = bytes.first_chunk() {
        as_units(i64::from_le_bytes(*bytes));
    }
}

fn as_text(text: &str) {
    let amount = Money::parse(text);
    assert_eq!(amount, oracle(text), "{text:?}");
    if let Some(amount) = amount {
        assert_eq!(Money::parse(&amount.to_string()), Some(amount), "{text:?}");
    }
    let given = |value: &Value| scalars::Money::from_value(value);
    assert_eq!(given(&Value::String(text.to_owned())), amount);
    assert_eq!(
        given(&Value::List(vec![Value::String(text.to_owned())])),
        None
    );
    assert_eq!(given(&Value::Enum(Name::new(text))), None);
    // However it is written, a number is no amount.
    if let Ok(number) = text.parse() {
        assert_eq!(given(&Value::Number(number)), None, "{text:?}");
    }
    if let Ok(json) = serde_json::from_str(text)
        && let Ok(value) = Value::from_json(json)
    {
        let of_text = match &value {
            Value::String(text) => oracle(text),
            _ => None,
        };
        assert_eq!(given(&value), of_text, "{text:?}");
        let parsed = <scalars::Money as ScalarType>::parse(value).ok();
        assert_eq!(parsed.map(|it| it.0), of_text, "{text:?}");
    }
}

fn as_units(units: i64) {
    let amount = Money::from_units(units);
    let written = amount.to_string();
    assert_eq!(written, Decimal::new(units, 4).to_string());
    let readable = units.unsigned_abs() <= Money::MAX.units().unsigned_abs();
    assert_eq!(
        Money::parse(&written),
        readable.then_some(amount),
        "{units}"
    );
}

/// The grammar letter by letter, and the value by another's arithmetic.
fn oracle(text: &str) -> Option<Money> {
    let (mut whole, mut fraction, mut point) = (0, 0, false);
    for (at, letter) in text.chars().enumerate() {
        match letter {
            '-' if at == 0 => {}
            '.' if !point && whole > 0 => point = true,
            '0'..='9' if point => fraction += 1,
            '0'..='9' => whole += 1,
            _ => return None,
        }
    }
    let fits = (1..=11).contains(&whole) && fraction <= 4 && (fraction > 0 || !point);
    let value: Decimal = fits.then_some(text)?.parse().expect("a decimal");
    let units = value * Decimal::from(10_000);
    units.to_i64().map(Money::from_units)
}
