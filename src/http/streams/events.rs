//! Server-sent events: the *distinct connections* mode of `graphql-sse`.
//!
//! The frames are written here: `complete` needs an empty `data:` line, without which browsers never fire it and which the
//! framework's own writer leaves out.

use std::fmt::Display;

use async_graphql::ServerError;
use axum::body::Bytes;
use serde_json::json;

use super::super::chorus::Told;
use super::super::pump::{End, Wire};
use super::frame::{Form, Piece};
use super::parting::Parting;

/// A stream of server-sent events.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Events {
    /// Whether an id may come without an event, for a browser to come back with though nothing has happened yet. The
    /// `graphql-sse` client takes that for a fault.
    pub bare_ids: bool,
}

impl Events {
    /// An operation that was refused before it began.
    pub(in crate::http) fn refused_at_once(errors: &[ServerError]) -> Bytes {
        let mut text = next(&json!({ "errors": errors }), None);
        text.push_str(COMPLETE);
        text.into()
    }
}

const COMPLETE: &str = "event: complete\ndata:\n\n";

fn next(result: &impl Display, cursor: Option<&str>) -> String {
    let id = cursor.map_or_else(String::new, |cursor| format!("id: {cursor}\n"));
    format!("{id}event: next\ndata: {result}\n\n")
}

impl Wire for Events {
    type Frame = Piece;

    fn begun(&self, cursor: &str) -> Option<Piece> {
        self.bare_ids.then(|| Piece {
            bytes: format!("id: {cursor}\n\n").into(),
            cursor: Some(cursor.into()),
        })
    }

    fn next(&self, told: &Told) -> Piece {
        let cursor = told.place.as_ref().map(|place| &place.cursor);
        Piece {
            bytes: next(&told.payload, cursor.map(AsRef::as_ref)).into(),
            cursor: cursor.cloned(),
        }
    }

    fn refused(&self, errors: &[ServerError]) -> (Piece, End) {
        let bytes = next(&json!({ "errors": errors }), None).into();
        let cursor = None;
        (Piece { bytes, cursor }, End::Complete)
    }
}

impl Form for Events {
    const NAME: &'static str = "sse";
    const CONTENT_TYPE: &'static str = "text/event-stream; charset=utf-8";

    fn heartbeat(&self) -> Bytes {
        Bytes::from_static(b":\n\n")
    }

    fn complete(&self) -> Bytes {
        Bytes::from_static(COMPLETE.as_bytes())
    }

    /// Without `complete` where the client may come back: a browser then does so by itself, with the last id.
    fn parting(&self, parting: Parting, cursor: Option<&str>) -> Bytes {
        let errors = [parting.error(cursor)];
        let mut text = next(&json!({ "errors": errors }), None);
        if !parting.is_retryable() {
            text.push_str(COMPLETE);
        }
        text.into()
    }
}
