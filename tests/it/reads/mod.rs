//! What each may read, and how pages turn: over a small world whose money went through the ledger.

mod pages;
mod public;
mod sight;
mod world;
