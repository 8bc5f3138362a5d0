//! The payment gateway: where money comes in.
