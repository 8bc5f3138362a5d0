//! The rules on books alone, without a database: stories by number, and random histories against `program.md`.

mod chance;
mod histories;
mod lots;
mod stories;
mod world;
