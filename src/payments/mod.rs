//! The payment gateway: where money comes in.

mod gateway;
mod sandbox;

pub use gateway::{Charge, GatewayFault, PaymentGateway, Verdict};
pub use sandbox::Sandbox;
