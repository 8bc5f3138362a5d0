use async_graphql::{Pos, ServerError};

use crate::graphql::fault::code;

/// An error of a request that is not executed.
pub(super) fn refused(
    code: &str,
    message: impl Into<String>,
    at: impl IntoIterator<Item = Pos>,
) -> ServerError {
    let mut error = ServerError::new(message, None);
    error.locations = at.into_iter().collect();
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", code);
    extensions.set("retryable", false);
    error
}

pub(super) fn too_costly(message: impl Into<String>) -> ServerError {
    refused(code::QUERY_TOO_COSTLY, message, [])
}
