//! Chance that can be had again: a seed names a whole history.

use std::hash::{BuildHasher, RandomState};

/// A generator of numbers (`SplitMix64`).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// At least `from` and less than `to`.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = u64::try_from(to - from).expect("from < to");
        from + i64::try_from(self.next() % width).expect("less than the width")
    }

    /// True `percent` times of a hundred.
    pub fn percent(&mut self, percent: i64) -> bool {
        self.between(0, 100) < percent
    }

    pub fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        let width = i64::try_from(choices.len()).expect("a short list");
        let at = usize::try_from(self.between(0, width)).expect("not negative");
        choices[at].clone()
    }

    pub fn maybe<T: Clone>(&mut self, choices: &[T]) -> Option<T> {
        (!choices.is_empty()).then(|| self.of(choices))
    }
}

/// A number of the environment, where it is set.
///
/// # Panics
/// Where it is set and no number.
pub fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text}")),
    )
}

/// Where histories begin: `AGENT_PROGRAM_SEED`, or another one every time.
pub fn base_seed() -> u64 {
    setting("AGENT_PROGRAM_SEED").unwrap_or_else(|| RandomState::new().hash_one(0) >> 16)
}
