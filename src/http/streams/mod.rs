//! Subscriptions over plain HTTP: server-sent events, and multipart for Apollo's clients. Both are one operation, whose
//! answers are the body of one response.

mod body;
mod events;
mod frame;
mod multipart;
mod parting;

pub(super) use body::{answer, dress};
pub(super) use events::Events;
pub(super) use multipart::{Multipart, is_taken};
