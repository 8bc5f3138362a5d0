//! What the stories stand on.

#[macro_use]
pub mod app;
pub mod bodies;
pub mod caller;
pub mod db;
pub mod dice;
pub mod forms;
pub mod money;
pub mod pair;
pub mod papers;
pub mod process;
pub mod sales;
pub mod small;
pub mod types;
