//! The JSON of requests: bounded in depth and number, and no name twice in an object. Of two `amount`s neither is right.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value};

use crate::graphql::limits::{NESTING, VALUES};

/// Why it is no request: a sentence that repeats nothing of it.
pub(super) type Malformed = &'static str;

/// # Errors
/// For what is no JSON, too deep, too much, or doubled.
pub(super) fn read(bytes: &[u8]) -> Result<Value, Malformed> {
    let state = State {
        left: Cell::new(VALUES),
        problem: Cell::new("It is no JSON."),
    };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let seed = Seed {
        state: &state,
        depth: 0,
    };
    let value = seed.deserialize(&mut deserializer);
    let value = value.and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|_| state.problem.get())
}

struct State {
    left: Cell<u32>,
    problem: Cell<Malformed>,
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    state: &'a State,
    depth: u32,
}

impl Seed<'_> {
    fn refuse<E: Error>(self, problem: Malformed) -> E {
        self.state.problem.set(problem);
        E::custom(problem)
    }

    fn within<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > NESTING {
            return Err(self.refuse("Its brackets nest too deeply."));
        }
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.state.left.get();
        if left == 0 {
            return Err(self.refuse("It holds too many values."));
        }
        self.state.left.set(left - 1);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let seed = self.within()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(seed)? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let seed = self.within()?;
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            match object.entry(name) {
                Entry::Vacant(place) => {
                    place.insert(fields.next_value_seed(seed)?);
                }
                Entry::Occupied(_) => return Err(self.refuse("It has a field twice.")),
            }
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_read_as_it_stands() {
        let value = json!({ "a": [1, -2, 3.5, "x", true, null, {}], "b": { "c": [] } });
        assert_eq!(read(value.to_string().as_bytes()), Ok(value));
    }

    #[test]
    fn what_is_doubled_deep_or_endless_is_refused() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let many = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
        assert!(read(deep(40).as_bytes()).is_ok());
        assert!(read(many(19_999).as_bytes()).is_ok());
        for bad in [
            r#"{"a":1,"a":2}"#.to_owned(),
            r#"{"b":[{"a":1,"\u0061":2}]}"#.to_owned(),
            deep(41),
            deep(100_000),
            many(20_000),
            "[1".into(),
            "1 2".into(),
            String::new(),
            "\u{feff}{}".into(),
            "NaN".into(),
        ] {
            assert!(read(bad.as_bytes()).is_err(), "{bad:.80}");
        }
    }
}
