//! The limits that this server enforces, and tells.

use async_graphql::SimpleObject;

/// Rows of a page, at most.
pub const PAGE_MAX: u32 = 100;
/// Rows of a page, if the client does not say.
pub const PAGE_DEFAULT: u32 = 20;
/// Selections within selections.
pub const DEPTH: u32 = 15;
/// What an operation may cost: a page costs its size times what is selected of each row.
pub const COST: u32 = 10_000;
/// Aliases of a document.
pub const ALIASES: u32 = 30;
/// Lexical tokens of a document.
pub const TOKENS: u32 = 2_000;
/// Brackets of any kind within one another, in a document and in the JSON of a request.
pub const NESTING: u32 = 40;
/// Directives of a document.
pub const DIRECTIVES: u32 = 30;
/// Fields of an operation's root.
pub const ROOT_FIELDS: u32 = 20;
/// Fields of an operation, counted where their fragments are spread.
pub const EXPANDED: u32 = 1_000;
/// Values in the JSON of a request: a thousand calls have half of them.
pub const VALUES: u32 = 20_000;
/// Bytes of a request.
pub const BODY_BYTES: u32 = 100_000;
/// Bytes of a request that records calls or charges.
pub const RECORDS_BODY_BYTES: u32 = 1_000_000;
/// Subscriptions of one socket.
pub const SUBSCRIPTIONS_PER_SOCKET: u32 = 20;

/// The limits that this server enforces on documents, pages, bodies and sockets.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct ServiceLimits {
    /// The most that `first` or `last` may ask for; more is refused, not cut down.
    max_page_size: u32,
    /// How many rows a page has if neither `first` nor `last` is given.
    default_page_size: u32,
    /// How deep selections may be nested.
    max_depth: u32,
    /// What an operation may cost: a field costs 1, a page its size times what is selected of each row. A request with the
    /// header `X-Request-Cost: true` is told its own in `extensions.cost`, by `requested` and `allowed`.
    max_cost: u32,
    /// How many aliases a document may hold.
    max_aliases: u32,
    /// How many lexical tokens a document may have.
    max_tokens: u32,
    /// How many bytes a request may have; one that records calls or charges may have 1,000,000.
    max_body_bytes: u32,
    /// How many subscriptions may be open on one socket.
    max_subscriptions_per_socket: u32,
    /// How far back a subscription's `after` may lie, in days. Null: without end.
    event_retention_days: Option<u32>,
}

/// What is enforced.
pub const SERVICE_LIMITS: ServiceLimits = ServiceLimits {
    max_page_size: PAGE_MAX,
    default_page_size: PAGE_DEFAULT,
    max_depth: DEPTH,
    max_cost: COST,
    max_aliases: ALIASES,
    max_tokens: TOKENS,
    max_body_bytes: BODY_BYTES,
    max_subscriptions_per_socket: SUBSCRIPTIONS_PER_SOCKET,
    event_retention_days: None,
};
