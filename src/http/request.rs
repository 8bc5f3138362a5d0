//! A request as it came, before anything is known of its document.

use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::json::{self, Malformed};

/// The SHA-256 of a document.
pub(super) type Hash = [u8; 32];

pub(super) fn hash_of(text: &str) -> Hash {
    Sha256::digest(text).into()
}

/// What is asked: the parameters of GraphQL over HTTP, and the payload of `subscribe` on a socket.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The document, unless it is known by one of the following.
    pub text: Option<String>,
    /// The id of a trusted document.
    pub id: Option<String>,
    /// The hash of a persisted one.
    pub hash: Option<Hash>,
    pub operation_name: Option<String>,
    pub variables: Map<String, Value>,
}

/// The query string of a GET.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

impl Asked {
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        json::read(bytes).and_then(Self::from_json)
    }

    pub(super) fn from_json(value: Value) -> Result<Self, Malformed> {
        let mut fields = match value {
            Value::Object(fields) => fields,
            Value::Array(_) => {
                return Err("Several requests at once are not taken: send each alone.");
            }
            _ => return Err("A request is a JSON object."),
        };
        let mut string = |name, problem| match fields.remove(name) {
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Null) | None => Ok(None),
            Some(_) => Err(problem),
        };
        let text = string("query", "`query` is a string.")?;
        let id = string("documentId", "`documentId` is a string.")?;
        let operation_name = string("operationName", "`operationName` is a string.")?;
        let variables = object(fields.remove("variables"), "`variables` is an object.")?;
        let extensions = object(fields.remove("extensions"), "`extensions` is an object.")?;
        let hash = extensions.get("persistedQuery").map(hash).transpose()?;
        match (&text, &id, &hash) {
            (None, None, None) => return Err("There is no `query`."),
            (Some(_), Some(_), _) | (_, Some(_), Some(_)) => {
                return Err(
                    "A `documentId` stands alone: without a `query` or a `persistedQuery`.",
                );
            }
            _ => {}
        }
        Ok(Self {
            text,
            id,
            hash,
            operation_name: operation_name.filter(|name| !name.is_empty()),
            variables,
        })
    }
}

/// What Apollo's clients call automatic persisted queries.
fn hash(persisted: &Value) -> Result<Hash, Malformed> {
    if persisted.get("version") != Some(&Value::from(1)) {
        return Err("The `version` of a `persistedQuery` is 1.");
    }
    let mut hash = Hash::default();
    let text = persisted.get("sha256Hash").and_then(Value::as_str);
    text.and_then(|text| hex::decode_to_slice(text, &mut hash).ok())
        .ok_or("The `sha256Hash` of a `persistedQuery` is 64 hexadecimal digits.")?;
    Ok(hash)
}

impl Parameters {
    /// Whether there is nothing in it: a person came by, perhaps.
    pub(super) fn is_empty(&self) -> bool {
        self.query.is_none() && self.document_id.is_none() && self.extensions.is_none()
    }

    pub(super) fn asked(self) -> Result<Asked, Malformed> {
        let object_in = |text: Option<String>, problem| match text.as_deref() {
            None | Some("") => Ok(Value::Null),
            Some(text) => json::read(text.as_bytes()).map_err(|_| problem),
        };
        let mut fields = Map::new();
        fields.insert("query".into(), self.query.into());
        fields.insert("documentId".into(), self.document_id.into());
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
            r#"{"query":"{a}","query":"{b}"}"#,
            r#"{"query":"{a}","documentId":"b"}"#,
            r#"{"documentId":1}"#,
            r#"{"extensions":{"persistedQuery":1}}"#,
            r#"{"extensions":{"persistedQuery":{"version":2,"sha256Hash":"00"}}}"#,
            r#"{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}}"#,
        ] {
            assert!(Asked::from_bytes(body.as_bytes()).is_err(), "{body}");
        }
    }
}
