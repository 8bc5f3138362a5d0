//! The payment gateway: where money comes in.

mod collect;
mod gateway;
mod sandbox;

pub use collect::Payments;
pub use gateway::{Charge, GatewayFault, PaymentGateway, Verdict};
pub use sandbox::Sandbox;
