//! A clock that is set by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

use crate::Clock;

/// Sets a clock: the demo world's past goes by in seconds.
#[derive(Clone, Debug)]
pub struct Dial(Arc<AtomicI64>);

impl Dial {
    /// A clock that stands at an instant until it is set.
    #[must_use]
    pub fn at(instant: DateTime<Utc>) -> Self {
        Self(Arc::new(AtomicI64::new(instant.timestamp_micros())))
    }

    /// Sets it.
    pub fn set(&self, instant: DateTime<Utc>) {
        self.0.store(instant.timestamp_micros(), Ordering::SeqCst);
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap_or_default()
    }

    /// The clock that shows it.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let dial = self.clone();
        Clock::from_fn(move || dial.now())
    }
}
