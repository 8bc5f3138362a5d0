//! A request as it came, before anything is known of its document.

use async_graphql::Variables;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What is asked: the parameters of GraphQL over HTTP, and the payload of `subscribe` on a socket.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub query: String,
    pub operation_name: Option<String>,
    pub variables: Variables,
}

/// The query string of a GET.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    pub query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// Why it is no request: a sentence that repeats nothing of it.
pub(super) type Malformed = &'static str;

impl Asked {
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        match serde_json::from_slice(bytes) {
            Ok(value) => Self::from_json(value),
            Err(_) => Err("The body is no JSON."),
        }
    }

    pub(super) fn from_json(value: Value) -> Result<Self, Malformed> {
        let mut fields = match value {
            Value::Object(fields) => fields,
            Value::Array(_) => {
                return Err("Several requests at once are not taken: send each alone.");
            }
            _ => return Err("A request is a JSON object."),
        };
        let query = match fields.remove("query") {
            Some(Value::String(query)) => query,
            Some(Value::Null) | None => return Err("There is no `query`."),
            Some(_) => return Err("`query` is a string."),
        };
        let operation_name = match fields.remove("operationName") {
            Some(Value::String(name)) => Some(name),
            Some(Value::Null) | None => None,
            Some(_) => return Err("`operationName` is a string."),
        };
        let variables = object(fields.remove("variables"), "`variables` is an object.")?;
        object(fields.remove("extensions"), "`extensions` is an object.")?;
        Ok(Self {
            query,
            operation_name: operation_name.filter(|name| !name.is_empty()),
            variables: Variables::from_json(Value::Object(variables)),
        })
    }
}

impl Parameters {
    pub(super) fn asked(self) -> Result<Asked, Malformed> {
        let object_in = |text: Option<String>, problem| match text.as_deref() {
            None | Some("") => Ok(Value::Null),
            Some(text) => serde_json::from_str(text).map_err(|_| problem),
        };
        let mut fields = Map::new();
        fields.insert("query".into(), self.query.into());
        fields.insert("operationName".into(), self.operation_name.into());
        let variables = object_in(self.variables, "`variables` is an object, as JSON.")?;
        fields.insert("variables".into(), variables);
        let extensions = object_in(self.extensions, "`extensions` is an object, as JSON.")?;
        fields.insert("extensions".into(), extensions);
        Asked::from_json(Value::Object(fields))
    }
}

fn object(value: Option<Value>, problem: Malformed) -> Result<Map<String, Value>, Malformed> {
    match value {
        Some(Value::Object(fields)) => Ok(fields),
        Some(Value::Null) | None => Ok(Map::new()),
        Some(_) => Err(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_one_object_with_a_query() {
        assert!(Asked::from_bytes(br#"{"query":"{a}","variables":null,"more":1}"#).is_ok());
        for body in [
            "",
            "{",
            "[]",
            r#"[{"query":"{a}"}]"#,
            "3",
            "{}",
            r#"{"query":null}"#,
            r#"{"query":{}}"#,
            r#"{"query":"{a}","variables":[]}"#,
            r#"{"query":"{a}","variables":"{}"}"#,
            r#"{"query":"{a}","operationName":1}"#,
            r#"{"query":"{a}","extensions":[]}"#,
        ] {
            assert!(Asked::from_bytes(body.as_bytes()).is_err(), "{body}");
        }
    }
}
