//! The messages of `graphql-transport-ws`, and the codes that its sockets are closed with.

use std::sync::Arc;

use async_graphql::ServerError;
use axum::extract::ws::{CloseFrame, Message};
use serde_json::{Value, json};

use super::super::chorus::Told;
use super::super::guest::Gone;
use super::super::json::{Malformed, read};
use super::super::pump::{End, Wire};
use super::super::request::Asked;

pub(in crate::http) const PROTOCOL: &str = "graphql-transport-ws";

/// What a client says.
pub(super) enum Said {
    Init { authorization: Option<String> },
    Subscribe { id: String, asked: Asked },
    Complete { id: String },
    Ping { payload: Option<Value> },
    Pong,
}

const ID_BYTES: usize = 128;

impl Said {
    pub(super) fn read(text: &str) -> Result<Self, Malformed> {
        let Ok(Value::Object(mut message)) = read(text.as_bytes()) else {
            return Err("a message is a JSON object");
        };
        let payload = message.remove("payload").filter(|it| !it.is_null());
        let id = match message.remove("id") {
            Some(Value::String(id)) if (1..=ID_BYTES).contains(&id.len()) => Ok(id),
            _ => Err("an `id` is a string of 1 to 128 bytes"),
        };
        let kind = message.remove("type");
        match kind.as_ref().and_then(Value::as_str) {
            Some("connection_init") => match payload {
                Some(Value::Object(_)) | None => Ok(Self::Init {
                    authorization: payload.as_ref().and_then(authorization).map(str::to_owned),
                }),
                Some(_) => Err("the `payload` of `connection_init` is an object"),
            },
            Some("subscribe") => Ok(Self::Subscribe {
                id: id?,
                asked: Asked::from_json(payload.unwrap_or_default())?,
            }),
            Some("complete") => Ok(Self::Complete { id: id? }),
            Some("ping") => Ok(Self::Ping { payload }),
            Some("pong") => Ok(Self::Pong),
            Some(_) => Err("no such `type` of message"),
            None => Err("a message has a `type`"),
        }
    }
}

/// Where clients put the token, each as its library makes it easy.
fn authorization(payload: &Value) -> Option<&str> {
    let named = |object: &'_ Value, name: &str| object.get(name).is_some();
    let holder = ["authorization", "Authorization"];
    let headers = payload.get("headers").filter(|it| it.is_object());
    [Some(payload), headers]
        .into_iter()
        .flatten()
        .find_map(|object| {
            let name = holder.into_iter().find(|name| named(object, name))?;
            object.get(name)?.as_str()
        })
}

/// Answers of one operation, by its id.
pub(super) struct ToSocket {
    id: Arc<str>,
    /// A message up to its payload.
    head: String,
}

impl ToSocket {
    pub(super) fn new(id: Arc<str>) -> Self {
        let head = format!(r#"{{"type":"next","id":{},"payload":"#, json!(&*id));
        Self { id, head }
    }
}

impl Wire for ToSocket {
    type Frame = Message;

    fn next(&self, told: &Told) -> Message {
        Message::text([&*self.head, &*told.payload, "}"].concat())
    }

    /// Nothing comes after `error`.
    fn refused(&self, errors: &[ServerError]) -> (Message, End) {
        (error(&self.id, errors), End::Said)
    }
}

impl From<Gone> for Close {
    fn from(gone: Gone) -> Self {
        match gone {
            Gone::Unauthenticated => Self::Unauthenticated,
            Gone::Fault => Self::Fault,
        }
    }
}

fn text(value: &Value) -> Message {
    Message::text(value.to_string())
}

pub(super) fn ack() -> Message {
    text(&json!({ "type": "connection_ack" }))
}

pub(super) fn pong(payload: Option<Value>) -> Message {
    let mut message = json!({ "type": "pong" });
    if let Some(payload) = payload {
        message["payload"] = payload;
    }
    text(&message)
}

pub(super) fn error(id: &str, errors: &[ServerError]) -> Message {
    text(&json!({ "type": "error", "id": id, "payload": errors }))
}

pub(super) fn complete(id: &str) -> Message {
    text(&json!({ "type": "complete", "id": id }))
}

/// Why a socket is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Close {
    GoingAway,
    TooBig,
    Malformed(Malformed),
    NoInit,
    Unacknowledged,
    /// Clients take it as "try again with a fresh token".
    Unauthenticated,
    WrongProtocol,
    InitTwice,
    InUse,
    TooSlow,
    TooMany,
    Silent,
    Fault,
}

impl Close {
    pub(super) fn frame(self) -> CloseFrame {
        let (code, reason) = match self {
            Self::GoingAway => (1001, "the server is going away; come back with your cursor"),
            Self::TooBig => (1009, "a message is too big"),
            Self::TooMany => (1013, "you have too many sockets and streams open"),
            Self::Malformed(problem) => (4400, problem),
            Self::Unacknowledged => (4401, "Unauthorized"),
            Self::Unauthenticated => (4403, "Forbidden: come back with a fresh token"),
            Self::WrongProtocol => (4406, "Subprotocol not acceptable"),
            Self::NoInit => (4408, "Connection initialisation timeout"),
            Self::InUse => (4409, "a subscriber for this id already exists"),
            Self::InitTwice => (4429, "Too many initialisation requests"),
            Self::Fault => (4500, "internal error; come back with your cursor"),
            Self::TooSlow => (4503, "you read too slowly; come back with your cursor"),
            Self::Silent => (4504, "no pong; come back with your cursor"),
        };
        CloseFrame {
            code,
            reason: cut(reason).into(),
        }
    }
}

/// A reason has at most 123 bytes.
fn cut(reason: &str) -> &str {
    let mut end = reason.len().min(123);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    &reason[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_wherever_clients_put_it() {
        for payload in [
            json!({ "authorization": "Bearer t" }),
            json!({ "Authorization": "Bearer t" }),
            json!({ "headers": { "authorization": "Bearer t" } }),
            json!({ "headers": { "Authorization": "Bearer t" } }),
        ] {
            assert_eq!(authorization(&payload), Some("Bearer t"), "{payload}");
        }
        assert_eq!(authorization(&json!({ "headers": [] })), None);
    }

    #[test]
    fn what_is_no_message_is_told_so() {
        for message in [
            "",
            "[]",
            "{}",
            r#"{"type":"start"}"#,
            r#"{"type":"subscribe"}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":1}}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"connection_init","payload":1}"#,
        ] {
            assert!(Said::read(message).is_err(), "{message}");
        }
    }

    #[test]
    fn a_reason_is_cut_between_letters() {
        assert_eq!(cut(&"é".repeat(100)).len(), 122);
    }
}
