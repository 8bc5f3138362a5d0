//! Who asks: passwords, sessions, tokens, and machines' keys.

mod actor;
mod keys;
mod opaque;
mod origin;
mod passwords;
mod sessions;
mod tokens;
mod who;

pub use actor::{Actor, Machine, Person};
pub use opaque::{digest, opaque};
pub use origin::{Origin, Source};
pub use sessions::{Opened, Signed};
pub use tokens::{key_file, new_key};
pub use who::{Auth, AuthOptions};
