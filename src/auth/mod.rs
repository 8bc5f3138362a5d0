//! Who asks: passwords, sessions, tokens, and machines' keys.

mod actor;
mod argon;
mod guesses;
mod hands;
mod keys;
mod links;
mod log;
mod lookups;
mod opaque;
mod origin;
mod passwords;
mod refresh;
mod seals;
mod sessions;
mod tickets;
mod together;
mod token_keys;
mod tokens;
mod turns;
mod who;

pub use actor::{Actor, Machine, Person};
pub use guesses::Guess;
pub use opaque::{digest, opaque};
pub use origin::{Origin, Source};
pub use sessions::{Opened, Signed};
pub use token_keys::{key_file, key_files, new_key};
pub use who::{Auth, AuthOptions};
