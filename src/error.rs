//! Why something was not done.

use std::time::Duration;

use sea_orm::DbErr;

use crate::program::Refusal;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The rules say no. The caller can act on it; it is shown in full.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nobody is signed in, or the token is no longer good.
    #[error("sign in first")]
    Unauthenticated,
    /// Signed in, but not as somebody who may do this.
    #[error("not yours to do")]
    Forbidden,
    /// An argument of a query that cannot be: shown as `BAD_USER_INPUT`, with its name.
    #[error("{argument}: {problem}")]
    BadArgument {
        /// As the schema spells it: `first`, `input.period.to`.
        argument: String,
        /// A sentence for a person.
        problem: String,
    },
    /// A position that a stream does not know: subscribe anew from the latest.
    #[error("this cursor is not known; start again from `latestCursor`")]
    CursorExpired,
    /// The writer's queue is full: try again in a second.
    #[error("the server is busy; try again in a moment")]
    Overloaded,
    /// Tried too often, by whoever guesses: HTTP answers it with 429.
    #[error("too many attempts; try again later")]
    RateLimited {
        /// When the next attempt may be made.
        retry_after: Duration,
    },
    /// Ours to mend: logged once, at the edge, with its cause; shown as `INTERNAL_SERVER_ERROR` and no more.
    #[error("database: {0}")]
    Database(#[from] DbErr),
    /// The same, from elsewhere.
    #[error("{0}")]
    Fault(String),
}
