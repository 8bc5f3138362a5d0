//! Who asks: passwords, sessions, tokens, and machines' keys.

mod actor;
mod opaque;
mod passwords;
mod tokens;

pub use actor::{Actor, Machine, Person};
pub use opaque::{digest, opaque};
pub use tokens::{key_file, new_key};
