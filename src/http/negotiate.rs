//! `Accept`: which of the two media types an answer has.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// How an answer is written, and with it what its status may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status tells whether the request was executed.
    Response,
    /// `application/json`, also for whoever does not say: a well-formed request is answered with 200.
    Json,
}

impl Media {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Response => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// What the client likes best; `None` when it takes neither.
    pub(super) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let ranges: Vec<Range> = headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(Range::parse)
            .collect();
        if headers.get(ACCEPT).is_none() {
            return Some(Self::Json);
        }
        let response = quality(&ranges, "graphql-response+json");
        let json = quality(&ranges, "json");
        // Of two that are liked alike, the one that was named.
        match (response, json) {
            ((0, _), (0, _)) => None,
            (response, json) if response > json => Some(Self::Response),
            (response, json) if response == json && response.1 == EXACT => Some(Self::Response),
            _ => Some(Self::Json),
        }
    }
}

const EXACT: u8 = 2;

/// One of the comma-separated parts: its type, subtype, and quality in thousandths.
struct Range {
    kind: String,
    subtype: String,
    quality: u16,
}

impl Range {
    fn parse(part: &str) -> Option<Self> {
        let mut parts = part.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut quality = 1_000;
        for parameter in parts {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "q" => quality = thousandths(value.trim())?,
                "charset" if !value.trim_matches('"').eq_ignore_ascii_case("utf-8") => return None,
                _ => {}
            }
        }
        Some(Self {
            kind: kind.trim().to_ascii_lowercase(),
            subtype: subtype.trim().to_ascii_lowercase(),
            quality,
        })
    }
}

/// `0.8` is 800: one digit, and at most three behind the point.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !matches!(whole, "0" | "1") {
        return None;
    }
    let quality: u16 = format!("{whole}{fraction:0<3}").parse().ok()?;
    (quality <= 1_000).then_some(quality)
}

/// The quality that the most exact range gives to `application/{subtype}`, and how exact it is.
fn quality(ranges: &[Range], subtype: &str) -> (u16, u8) {
    ranges
        .iter()
        .filter_map(|range| {
            let exact = match (range.kind.as_str(), range.subtype.as_str()) {
                ("application", it) if it == subtype => EXACT,
                ("application", "*") => 1,
                ("*", "*") => 0,
                _ => return None,
            };
            Some((exact, range.quality))
        })
        .max()
        .map_or((0, 0), |(exact, quality)| (quality, exact))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_gets_what_it_likes_best() {
        use Media::{Json, Response};
        for (accept, media) in [
            (None, Some(Json)),
            (Some("*/*"), Some(Json)),
            (Some("application/*"), Some(Json)),
            (Some("application/json"), Some(Json)),
            (Some("Application/JSON; charset=UTF-8"), Some(Json)),
            (Some("application/graphql-response+json"), Some(Response)),
            (
                Some("application/graphql-response+json, application/json;q=0.9"),
                Some(Response),
            ),
            (
                Some("application/json, application/graphql-response+json"),
                Some(Response),
            ),
            (
                Some("application/graphql-response+json;q=0.5, application/json"),
                Some(Json),
            ),
            (
                Some("application/graphql-response+json;q=0, */*;q=0.1"),
                Some(Json),
            ),
            (Some("application/json;q=0"), None),
            (Some("application/json; charset=utf-16"), None),
            (Some("text/html"), None),
            (Some(""), None),
            (Some("text/html, */*;q=0.8"), Some(Json)),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(Media::negotiate(&headers), media, "{accept:?}");
        }
    }
}
