//! A small world to look at: three months of an agent program, told through the same stories as any other.

mod catalogue;
mod days;
mod dial;
mod makers;
mod people;
mod world;

pub use dial::Dial;
pub use makers::{Demo, PASSWORD};
pub use world::{World, fill};
