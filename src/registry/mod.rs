//! People, applications, rates and the price list: what changes without moving money.
//!
//! A story is one transaction: it locks in the program's lock order, reads the clock once it holds the locks, asks the
//! rules in `program`, and writes. A refusal leaves nothing behind.

mod applications;
mod approvals;
mod assigning;
mod catalogue;
mod claims;
mod handle;
mod ladder;
mod machines;
mod naming;
mod operators;
mod people;
mod rates;
mod signups;
mod site;
mod story;

pub use applications::NewApplication;
pub use approvals::Approved;
pub use catalogue::{NewCallRate, NewProduct};
pub use claims::Handover;
pub use handle::Registry;
pub use signups::{NewCustomer, NewPerson, SignedUp};
pub use site::Site;
