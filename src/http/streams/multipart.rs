//! Multipart subscriptions, as Apollo's clients read them: `subscriptionSpec=1.0`.

use std::fmt::Display;

use async_graphql::ServerError;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use serde_json::json;

use super::super::chorus::Told;
use super::super::pump::{End, Wire};
use super::frame::{Form, Piece};
use super::parting::Parting;

/// A stream as the parts of one body.
///
/// Each part is followed by the boundary at once: clients take a part for whole when they see the next boundary.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Multipart;

/// Whether `Accept` takes such a stream, with or without a boundary, quotes and quality.
pub(in crate::http) fn is_taken(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).iter();
    let mut ranges = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    ranges.any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let multipart = parts
            .next()
            .is_some_and(|it| it.eq_ignore_ascii_case("multipart/mixed"));
        let (mut spec, mut liked) = (false, true);
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "subscriptionspec" => spec = value == "1.0",
                "q" => liked = value.parse::<f32>().is_ok_and(|quality| quality > 0.0),
                _ => {}
            }
        }
        multipart && spec && liked
    })
}

fn part(body: &impl Display) -> Bytes {
    format!("\r\ncontent-type: application/json\r\n\r\n{body}\r\n--graphql").into()
}

impl Wire for Multipart {
    type Frame = Piece;

    fn next(&self, told: &Told) -> Piece {
        Piece {
            bytes: part(&format_args!(r#"{{"payload":{}}}"#, told.payload)),
            cursor: told.place.as_ref().map(|place| place.cursor.clone()),
        }
    }

    fn refused(&self, errors: &[ServerError]) -> (Piece, End) {
        let bytes = part(&json!({ "payload": { "errors": errors } }));
        let cursor = None;
        (Piece { bytes, cursor }, End::Complete)
    }
}

impl Form for Multipart {
    const NAME: &'static str = "multipart";
    const CONTENT_TYPE: &'static str =
        "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0";

    fn prelude(&self) -> Bytes {
        Bytes::from_static(b"\r\n--graphql")
    }

    fn heartbeat(&self) -> Bytes {
        part(&json!({}))
    }

    fn complete(&self) -> Bytes {
        Bytes::from_static(b"--\r\n")
    }

    /// The errors of the transport stand beside the payload.
    fn parting(&self, parting: Parting, cursor: Option<&str>) -> Bytes {
        let errors = [parting.error(cursor)];
        let last = part(&json!({ "payload": null, "errors": errors }));
        [last, self.complete()].concat().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_apollo_client_is_known_by_what_it_accepts() {
        for (accept, taken) in [
            ("multipart/mixed;subscriptionSpec=1.0", true),
            (
                "multipart/mixed; boundary=graphql; subscriptionSpec=\"1.0\", application/json",
                true,
            ),
            (
                "application/json;q=0.9, Multipart/Mixed;boundary=\"-\";subscriptionspec=1.0;q=0.5",
                true,
            ),
            ("multipart/mixed;subscriptionSpec=1.0;q=0", false),
            (
                "multipart/mixed;deferSpec=20220824, application/json",
                false,
            ),
            ("multipart/mixed;subscriptionSpec=2.0", false),
            ("application/json;subscriptionSpec=1.0", false),
            ("*/*", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            assert_eq!(is_taken(&headers), taken, "{accept}");
        }
    }
}
