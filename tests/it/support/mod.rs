//! What the stories stand on.

#[macro_use]
pub mod app;
pub mod caller;
pub mod db;
pub mod dice;
pub mod money;
pub mod sales;
pub mod small;
