//! What came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// What went wrong with the client itself.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// How long something took, in microseconds: up to a minute and a half, to three digits.
pub struct Times(Histogram<u64>);

impl Times {
    pub fn new() -> Self {
        Self(Histogram::new_with_bounds(1, 100_000_000, 3).expect("bounds that are in order"))
    }

    pub fn note(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(micros);
    }

    pub fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("the same bounds");
    }

    pub fn told(&self) -> Told {
        let millis = |micros: u64| f64::from(u32::try_from(micros).unwrap_or(u32::MAX)) / 1e3;
        Told {
            mean: self.0.mean() / 1e3,
            p50: millis(self.0.value_at_quantile(0.5)),
            p99: millis(self.0.value_at_quantile(0.99)),
            max: millis(self.0.max()),
        }
    }
}

/// In milliseconds.
#[derive(Serialize)]
pub struct Told {
    pub mean: f64,
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

/// Of one kind of request.
pub struct Tally {
    pub right: u64,
    pub wrong: u64,
    pub first_wrong: Option<String>,
    pub times: Times,
}

impl Tally {
    pub fn new() -> Self {
        Self {
            right: 0,
            wrong: 0,
            first_wrong: None,
            times: Times::new(),
        }
    }

    pub fn add(&mut self, other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.first_wrong = self.first_wrong.take().or(other.first_wrong);
        self.times.add(&other.times);
    }

    pub fn told(&self) -> KindOutcome {
        KindOutcome {
            right: self.right,
            wrong: self.wrong,
            first_wrong: self.first_wrong.clone(),
            millis: self.times.told(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KindOutcome {
    pub right: u64,
    pub wrong: u64,
    pub first_wrong: Option<String>,
    pub millis: Told,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AskingOutcome {
    pub seconds: f64,
    /// How many requests were sent: their numbers are `first`, `first + step` …
    pub sent: u64,
    pub kinds: BTreeMap<String, KindOutcome>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListeningOutcome {
    pub seconds: f64,
    pub posted: u64,
    pub post_wrong: u64,
    pub first_wrong: Option<String>,
    pub delivered: u64,
    pub lost: u64,
    pub repeated: u64,
    /// From when a post was sent until it was heard of.
    pub millis: Told,
}
