//! The GraphQL schema: translates, and decides nothing.
