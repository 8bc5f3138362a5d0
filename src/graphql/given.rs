//! Scalars as a client gave them: read where the field's name is known, so that what is wrong with one is said there.

use std::borrow::Cow;
use std::marker::PhantomData;

use async_graphql::registry::Registry;
use async_graphql::{ID, InputType, InputValueResult, Value};
use entity::{InvalidText, TypedId};

use super::scalars::Read;
use crate::Error;
use crate::program::Refusal;

/// A scalar that was given and not yet read.
///
/// In the schema it is `T`. In a mutation a wrong one is a refusal at its field ([`Given::at`]), in a query an error that
/// names the argument ([`Given::argument`]).
#[derive(Clone, Debug)]
pub struct Given<T> {
    value: Value,
    scalar: PhantomData<fn() -> T>,
}

impl<T> Given<T> {
    /// As a client would have written it: for defaults.
    #[must_use]
    pub fn written(text: &str) -> Self {
        Self {
            value: Value::String(text.into()),
            scalar: PhantomData,
        }
    }
}

impl<T: Read> Given<T> {
    /// The value.
    ///
    /// # Errors
    /// `INVALID_INPUT` at `field`, which is counted from the mutation's `input` on, with dots: `projection.oneMonth`.
    pub fn at(&self, field: impl Into<Cow<'static, str>>) -> Result<T::Inner, Refusal> {
        let field = field.into();
        T::from_value(&self.value).ok_or_else(|| {
            let name = field.rsplit('.').next().unwrap_or_default().to_owned();
            Refusal::invalid(field, format!("`{name}` {}.", T::MUST))
        })
    }

    /// The value.
    ///
    /// # Errors
    /// [`Error::BadArgument`] with the argument's name.
    pub fn argument(&self, name: &str) -> Result<T::Inner, Error> {
        T::from_value(&self.value).ok_or_else(|| bad_argument(name, T::MUST))
    }
}

impl Given<ID> {
    fn text(&self) -> Option<Cow<'_, str>> {
        match &self.value {
            Value::String(text) => Some(text.into()),
            Value::Number(number) => Some(number.to_string().into()),
            _ => None,
        }
    }

    /// The id, or `None` where it is none of this kind: nobody has such a thing.
    #[must_use]
    pub fn known<I: TypedId>(&self) -> Option<I> {
        self.text().and_then(|text| I::parse(&text))
    }

    /// Its text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text().unwrap_or_default().into_owned()
    }
}

/// The id of the kind that a mutation's field wants.
///
/// # Errors
/// `INVALID_INPUT` at `field` for an id of another kind.
pub fn id<I: TypedId>(
    given: &Given<ID>,
    field: impl Into<Cow<'static, str>>,
) -> Result<I, Refusal> {
    given.known().ok_or_else(|| {
        let field = field.into();
        let name = field.rsplit('.').next().unwrap_or_default().to_owned();
        Refusal::invalid(
            field,
            format!("`{name}` must be an id that begins with {}_.", I::PREFIX),
        )
    })
}

/// A text of a mutation's field, by the law of its kind: `text("name", &input.name, Name::parse)`.
///
/// # Errors
/// `INVALID_INPUT` at `field`.
pub fn text<T>(
    field: impl Into<Cow<'static, str>>,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, InvalidText>,
) -> Result<T, Refusal> {
    parse(text).map_err(|problem| {
        let field = field.into();
        let name = field.rsplit('.').next().unwrap_or_default().to_owned();
        Refusal::invalid(field, format!("`{name}` {problem}."))
    })
}

/// The same where it may be left out: blank is left out.
///
/// # Errors
/// `INVALID_INPUT` at `field`.
pub fn optional_text<T>(
    field: impl Into<Cow<'static, str>>,
    given: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, InvalidText>,
) -> Result<Option<T>, Refusal> {
    let given = given.filter(|given| !given.trim().is_empty());
    given.map(|given| text(field, given, parse)).transpose()
}

/// What is searched for: a text that a row may hold. Blank is none.
///
/// # Errors
/// [`Error::BadArgument`] with the argument's name.
pub fn search(given: Option<String>) -> Result<Option<String>, Error> {
    let Some(text) = given.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    let fits = text.chars().count() <= 200 && !text.contains(char::is_control);
    let must = "must be at most 200 characters, and no control characters";
    fits.then_some(Some(text))
        .ok_or_else(|| bad_argument("filter.search", must))
}

/// An argument of a query that cannot be: `bad_argument("first", "must be 1 to 100")`.
#[must_use]
pub fn bad_argument(name: &str, must: &str) -> Error {
    Error::BadArgument {
        argument: name.to_owned(),
        problem: must.to_owned(),
    }
}

impl<T: InputType> InputType for Given<T> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        Ok(Self {
            value: value.unwrap_or_default(),
            scalar: PhantomData,
        })
    }

    fn to_value(&self) -> Value {
        self.value.clone()
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use entity::{AgentId, CustomerId};
    use uuid::Uuid;

    use super::*;
    use crate::graphql::scalars::Money;

    #[test]
    fn what_is_wrong_is_said_at_its_field_and_not_repeated() {
        let given = Given::<Money>::written("1e9");
        let refusal = given.at("calls.3.amount").unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("calls.3.amount"));
        assert!(
            refusal
                .to_string()
                .starts_with("`amount` must be an amount")
        );
        assert!(!refusal.to_string().contains("1e9"));
    }

    #[test]
    fn an_id_of_another_kind_is_none() {
        let agent = AgentId(Uuid::from_u128(7));
        let given = Given::<ID>::written(&agent.to_string());
        assert_eq!(id::<AgentId>(&given, "agentId"), Ok(agent));
        assert!(id::<CustomerId>(&given, "customerId").is_err());
        assert_eq!(given.known::<CustomerId>(), None);
    }
}
