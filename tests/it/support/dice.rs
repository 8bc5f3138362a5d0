//! Chance that can be repeated: splitmix64.

/// The same seed throws the same.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A seed that nobody chose, and that is printed: the output of a test that fails shows it.
    pub fn seed(what: &str) -> u64 {
        use std::hash::{BuildHasher, RandomState};
        let named = std::env::var("SEED")
            .ok()
            .and_then(|text| text.parse().ok());
        let seed = named.unwrap_or_else(|| RandomState::new().hash_one(what));
        println!("{what}: SEED={seed}");
        seed
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below the bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// One of them.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let count = u64::try_from(all.len()).expect("a short list");
        let index = usize::try_from(self.below(count)).expect("a short list");
        &all[index]
    }

    /// Once in so many times.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// An amount of 0.0001 to the most, which is counted in ten-thousandths.
    pub fn amount(&mut self, most: u64) -> String {
        let units = self.below(most) + 1;
        format!("{}.{:04}", units / 10_000, units % 10_000)
    }
}
