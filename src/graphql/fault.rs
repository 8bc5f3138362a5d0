//! What a program is told: every error of an answer gets its `extensions.code` here, and ours lose their cause.

use std::time::Duration;

use async_graphql::{ErrorExtensionValues, Response, ServerError};

use crate::Error;

/// Longer messages are cut.
const MESSAGE: usize = 300;
/// How many errors an answer holds at most.
pub const ERRORS: usize = 10;

/// The codes that `extensions.code` may have.
pub mod code {
    /// The document is no GraphQL.
    pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
    /// The document does not fit the schema, or a variable its type.
    pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
    /// An argument cannot be: `extensions.argument` names it.
    pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
    /// More than the server's limits allow: `serviceLimits` tells them.
    pub const QUERY_TOO_COSTLY: &str = "QUERY_TOO_COSTLY";
    /// Sign in first.
    pub const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
    /// Signed in, and not as somebody who may.
    pub const FORBIDDEN: &str = "FORBIDDEN";
    /// No document of this hash is known here: send its text along.
    pub const PERSISTED_QUERY_NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";
    /// Too many attempts: `extensions.retryAfterSeconds` says when the next may be made.
    pub const RATE_LIMITED: &str = "RATE_LIMITED";
    /// Too busy: try again in a second.
    pub const OVERLOADED: &str = "OVERLOADED";
    /// A stream does not know this position.
    pub const CURSOR_EXPIRED: &str = "CURSOR_EXPIRED";
    /// Ours to mend: `extensions.requestId` finds it in the log.
    pub const INTERNAL: &str = "INTERNAL_SERVER_ERROR";
}

/// Gives every error its code, and logs and hides the cause of those that are ours to mend.
pub fn finish(mut response: Response, request_id: &str) -> Response {
    response.errors.truncate(ERRORS);
    for error in &mut response.errors {
        dress(error, request_id);
    }
    response
}

/// A single error as it is sent, for what fails outside of an execution.
#[must_use]
pub fn of(error: Error, request_id: &str) -> ServerError {
    let mut error =
        async_graphql::Error::from(error).into_server_error(async_graphql::Pos::default());
    error.locations.clear();
    dress(&mut error, request_id);
    error
}

fn dress(error: &mut ServerError, request_id: &str) {
    let has_code = (error.extensions.as_ref()).is_some_and(|values| values.get("code").is_some());
    if has_code {
        cut(&mut error.message);
        return;
    }
    let mut extensions = error.extensions.take().unwrap_or_default();
    match (error.source::<Error>(), &error.source) {
        (Some(known), _) => match known {
            Error::Unauthenticated => set(&mut extensions, code::UNAUTHENTICATED, false),
            Error::Forbidden => set(&mut extensions, code::FORBIDDEN, false),
            Error::BadArgument { argument, .. } => {
                set(&mut extensions, code::BAD_USER_INPUT, false);
                extensions.set("argument", argument.as_str());
            }
            Error::Refused(_) => set(&mut extensions, code::BAD_USER_INPUT, false),
            Error::CursorExpired => set(&mut extensions, code::CURSOR_EXPIRED, false),
            Error::Overloaded => set(&mut extensions, code::OVERLOADED, true),
            Error::RateLimited { retry_after } => {
                set(&mut extensions, code::RATE_LIMITED, true);
                extensions.set("retryAfterSeconds", whole_seconds(*retry_after));
            }
            Error::Database(_) | Error::Fault(_) => hide(error, &mut extensions, request_id),
        },
        // From the library itself: the document or a variable is at fault.
        (None, None) if error.path.is_empty() => {
            set(&mut extensions, code::VALIDATION_FAILED, false);
        }
        (None, None) => set(&mut extensions, code::BAD_USER_INPUT, false),
        (None, Some(_)) => hide(error, &mut extensions, request_id),
    }
    error.extensions = Some(extensions);
    cut(&mut error.message);
}

/// Rounded up: whoever waits so long has waited enough.
fn whole_seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}

fn set(extensions: &mut ErrorExtensionValues, code: &str, retryable: bool) {
    extensions.set("code", code);
    extensions.set("retryable", retryable);
}

fn hide(error: &mut ServerError, extensions: &mut ErrorExtensionValues, request_id: &str) {
    tracing::error!(request_id, path = ?error.path, cause = error.message, "a request failed");
    "internal error".clone_into(&mut error.message);
    error.source = None;
    set(extensions, code::INTERNAL, true);
    extensions.set("requestId", request_id);
}

fn cut(message: &mut String) {
    if let Some((end, _)) = message.char_indices().nth(MESSAGE) {
        message.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(error: Error) -> (String, String) {
        let error = of(error, "r-1");
        let extensions = serde_json::to_value(error.extensions).unwrap();
        (
            error.message,
            extensions["code"].as_str().unwrap().to_owned(),
        )
    }

    #[test]
    fn a_fault_keeps_its_cause() {
        let fault = Error::Database(sea_orm::DbErr::Custom("secret_column".into()));
        assert_eq!(
            sent(fault),
            ("internal error".into(), code::INTERNAL.into())
        );
    }

    #[test]
    fn whoever_tried_too_often_is_told_when_to_come_back() {
        for (time, seconds) in [(0, 1), (1_000, 1), (1_001, 2), (60_000, 60)] {
            let retry_after = Duration::from_millis(time);
            let error = of(Error::RateLimited { retry_after }, "r-1");
            let extensions = serde_json::to_value(error.extensions).unwrap();
            assert_eq!(extensions["code"], code::RATE_LIMITED);
            assert_eq!(extensions["retryAfterSeconds"], seconds, "{time}");
        }
    }

    #[test]
    fn a_wrong_role_is_told_so() {
        assert_eq!(sent(Error::Forbidden).1, code::FORBIDDEN);
        assert_eq!(sent(Error::Unauthenticated).1, code::UNAUTHENTICATED);
    }
}
