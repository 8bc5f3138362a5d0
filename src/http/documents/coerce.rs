//! Variables as their operation declares them: the specification's `CoerceVariableValues`. What is wrong with one is the
//! caller's input, and not the document's fault.

use apollo_compiler::ast::{self, Type, VariableDefinition};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Node, Schema};
use async_graphql::{Name, Pos, ServerError, Value as Coerced, Variables};
use serde_json::{Map, Value};

use super::super::refusal::refused;
use super::values::is_one_of;
use crate::graphql::fault::{ERRORS, code};

/// The variables as the operation declares them. What it does not declare is left out.
///
/// # Errors
/// `BAD_USER_INPUT`, for each place; `extensions.variable` names it: `input.calls.3.amount`.
pub(super) fn coerce(
    schema: &Valid<Schema>,
    definitions: &[Node<VariableDefinition>],
    places: &[Pos],
    given: &Map<String, Value>,
) -> Result<Variables, Vec<ServerError>> {
    let mut coerced = Variables::default();
    let mut found = Vec::new();
    for (at, definition) in definitions.iter().enumerate() {
        let name = definition.name.as_str();
        let mut work = Work {
            schema,
            path: vec![name.to_owned()],
            at: places.get(at).copied(),
            found: &mut found,
        };
        let value = match (given.get(name), &definition.default_value) {
            (Some(value), _) => work.value(&definition.ty, value),
            (None, Some(default)) => {
                let default = constant(default);
                work.value(&definition.ty, &default)
            }
            (None, None) if definition.ty.is_non_null() => work.say("is required"),
            (None, None) => continue,
        };
        coerced.insert(Name::new(name), value);
    }
    if found.is_empty() {
        Ok(coerced)
    } else {
        Err(found)
    }
}

/// A default as it would be sent.
fn constant(value: &ast::Value) -> Value {
    match value {
        ast::Value::Null | ast::Value::Variable(_) => Value::Null,
        ast::Value::Enum(name) => name.as_str().into(),
        ast::Value::String(text) => text.as_str().into(),
        ast::Value::Boolean(value) => (*value).into(),
        ast::Value::Int(number) => serde_json::from_str(number.as_str()).unwrap_or_default(),
        ast::Value::Float(number) => serde_json::from_str(number.as_str()).unwrap_or_default(),
        ast::Value::List(items) => items.iter().map(|item| constant(item)).collect(),
        ast::Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.to_string(), constant(value)))
            .collect(),
    }
}

struct Work<'a> {
    schema: &'a Valid<Schema>,
    /// The variable's name, the schema's, and numbers: nothing that was sent as a value.
    path: Vec<String>,
    at: Option<Pos>,
    found: &'a mut Vec<ServerError>,
}

impl Work<'_> {
    fn say(&mut self, problem: &str) -> Coerced {
        if self.found.len() < ERRORS {
            let place = self.path.join(".");
            let problem = format!("`${place}` {problem}.");
            let mut error = refused(code::BAD_USER_INPUT, problem, self.at);
            let extensions = error.extensions.get_or_insert_default();
            extensions.set("variable", place);
            self.found.push(error);
        }
        Coerced::Null
    }

    fn within(&mut self, step: String, work: impl FnOnce(&mut Self) -> Coerced) -> Coerced {
        self.path.push(step);
        let value = work(self);
        self.path.pop();
        value
    }

    fn value(&mut self, ty: &Type, value: &Value) -> Coerced {
        if value.is_null() {
            if ty.is_non_null() {
                return self.say("cannot be null");
            }
            return Coerced::Null;
        }
        if !ty.is_list() {
            return self.named(ty, value);
        }
        let inner = ty.item_type();
        let Value::Array(items) = value else {
            // One is a list of one.
            return Coerced::List(vec![self.value(inner, value)]);
        };
        let mut list = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            if self.found.len() >= ERRORS {
                break;
            }
            list.push(self.within(at.to_string(), |work| work.value(inner, item)));
        }
        Coerced::List(list)
    }

    fn named(&mut self, ty: &Type, value: &Value) -> Coerced {
        let schema = self.schema;
        let name = ty.inner_named_type();
        match schema.types.get(name) {
            Some(ExtendedType::Scalar(_)) => match scalar(name, value) {
                Some(value) => value,
                None => self.say(&format!("must be a value of type `{name}`")),
            },
            Some(ExtendedType::Enum(definition)) => {
                let known = value
                    .as_str()
                    .filter(|it| definition.values.contains_key(*it));
                match known {
                    Some(value) => Coerced::Enum(Name::new(value)),
                    None => self.say(&format!("must be a value of `{name}`")),
                }
            }
            Some(definition @ ExtendedType::InputObject(input)) => {
                let Value::Object(fields) = value else {
                    return self.say(&format!("must be an object of type `{name}`"));
                };
                if fields
                    .keys()
                    .any(|key| !input.fields.contains_key(key.as_str()))
                {
                    return self.say(&format!("has a field that `{name}` does not have"));
                }
                let one = is_one_of(definition);
                if one && (fields.len() != 1 || fields.values().any(Value::is_null)) {
                    return self.say("must have exactly one field, and not null");
                }
                let mut object = async_graphql::indexmap::IndexMap::new();
                for (name, field) in &input.fields {
                    let value = match fields.get(name.as_str()) {
                        Some(value) => {
                            self.within(name.to_string(), |work| work.value(&field.ty, value))
                        }
                        // The resolver's own defaults are these.
                        None if field.default_value.is_some() || !field.ty.is_non_null() => {
                            continue;
                        }
                        None => self.within(name.to_string(), |work| work.say("is required")),
                    };
                    object.insert(Name::new(name.as_str()), value);
                }
                Coerced::Object(object)
            }
            _ => self.say("is of no input type"),
        }
    }
}

/// Anything is taken where a scalar of our own belongs: whoever reads it says what is wrong with it, at its field.
fn scalar(name: &str, value: &Value) -> Option<Coerced> {
    let fits = match name {
        "Int" => {
            return whole(value)
                .and_then(|number| i32::try_from(number).ok())
                .map(Coerced::from);
        }
        "Float" => value.is_number(),
        "String" => value.is_string(),
        "Boolean" => value.is_boolean(),
        "ID" => {
            return match value {
                Value::String(text) => Some(Coerced::String(text.clone())),
                Value::Number(_) => whole(value).map(|number| Coerced::String(number.to_string())),
                _ => None,
            };
        }
        _ => true,
    };
    fits.then(|| Coerced::from_json(value.clone()).ok())
        .flatten()
}

/// A whole number, also if it is written as `1.0`.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64().filter(|it| it.fract() == 0.0)?;
        // Beyond it a fraction has no whole number of its own.
        let limit = 9_007_199_254_740_991.0;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
        (number.abs() <= limit).then_some(number as i64)
    })
}
