//! What a document is, before anything of it runs: scanned, parsed, measured and judged once, and then remembered.
//!
//! `apollo-compiler` parses and judges, `async-graphql` executes. The latter validates nothing: it would let through what
//! the specification refuses, and walks the fragments of a hostile document until the end of days.

mod coerce;
mod measure;
mod read;
mod rules;
mod scan;
mod sentences;
mod shelf;
mod translate;
mod trusted;
mod values;

pub(super) use read::Operation;
pub use rules::Rules;
pub use shelf::Documents;
pub use trusted::Trusted;
