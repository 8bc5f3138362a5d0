use async_graphql::ServerError;

use super::super::guest::Gone;
use super::super::refusal::refused;
use crate::graphql::fault::code;

/// Why the server ends a stream before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Parting {
    Stopping,
    TooSlow,
    Unauthenticated,
    Fault,
}

impl Parting {
    /// What it is called in the metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stopping => "stopping",
            Self::TooSlow => "slow",
            Self::Unauthenticated => "unauthenticated",
            Self::Fault => "fault",
        }
    }

    /// Whether the client may come back with what it has.
    pub(super) fn is_retryable(self) -> bool {
        self != Self::Unauthenticated
    }

    /// As the client is told, with the cursor to come back with.
    pub(super) fn error(self, cursor: Option<&str>) -> ServerError {
        let (code, problem) = match self {
            Self::Stopping => (
                code::OVERLOADED,
                "The server is going away: come back with your cursor.",
            ),
            Self::TooSlow => (
                code::OVERLOADED,
                "You read too slowly: come back with your cursor.",
            ),
            Self::Unauthenticated => (
                code::UNAUTHENTICATED,
                "The token has run out or its session has ended: come back with a fresh one.",
            ),
            Self::Fault => (
                code::OVERLOADED,
                "It cannot be told whether you may go on: come back with your cursor.",
            ),
        };
        let mut error = refused(code, problem, []);
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("retryable", self.is_retryable());
        if let Some(cursor) = cursor {
            extensions.set("cursor", cursor);
        }
        error
    }
}

impl From<Gone> for Parting {
    fn from(gone: Gone) -> Self {
        match gone {
            Gone::Unauthenticated => Self::Unauthenticated,
            Gone::Fault => Self::Fault,
        }
    }
}
