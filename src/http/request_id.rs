//! What a request is called, in its answer, in the logs and in masked errors: as its client calls it, or by a new name.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

/// Names a request in its answer, in the logs and in masked errors.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ones are not taken over.
const LONGEST: usize = 128;

/// What a request is called.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub Arc<str>);

impl RequestId {
    /// As these headers call it, if they do so once and in letters that are harmless in a log; else by a new name.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut given = headers.get_all(REQUEST_ID).iter();
        let name = match (given.next().map(HeaderValue::to_str), given.next()) {
            (Some(Ok(name)), None) if is_sane(name) => name.into(),
            _ => Uuid::now_v7().simple().to_string().into(),
        };
        Self(name)
    }
}

fn is_sane(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:=+/@".contains(&byte);
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(plain)
}

/// Calls a request by its name, whatever answers it.
pub(super) async fn name(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    let span = tracing::info_span!("request", id = &*id.0);
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).instrument(span).await;
    let value = HeaderValue::from_str(&id.0).expect("it is plain ASCII");
    response.headers_mut().insert(REQUEST_ID, value);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(given: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in given {
            headers.append(REQUEST_ID, HeaderValue::from_str(value).unwrap());
        }
        RequestId::of(&headers).0.to_string()
    }

    #[test]
    fn a_client_names_its_request_by_something_harmless() {
        let trace = "Root=1-67891233-abcdef012345678912345678";
        for sane in ["a", "0193fa44-2b1c-7e5e-9c3f-1b8b1c0d2e3f", trace] {
            assert_eq!(called(&[sane]), sane);
        }
        let long = "a".repeat(129);
        for given in [
            &[][..],
            &[""],
            &["a b"],
            &["a\"b"],
            &["\u{e9}"],
            &[&long],
            &["a", "b"],
        ] {
            let name = called(given);
            assert!(name.len() == 32 && name.bytes().all(|it| it.is_ascii_hexdigit()));
        }
    }
}
