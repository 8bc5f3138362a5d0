//! Chance that is the same each time.

/// A stream of numbers that only look random (splitmix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..count`.
    pub fn below(&mut self, count: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(count);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// One of the places of a list.
    pub fn place(&mut self, length: usize) -> usize {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        usize::try_from(self.below(length)).unwrap_or_default()
    }

    /// Once in so many times.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let count = u64::try_from(most - least + 1).unwrap_or(1);
        least + i64::try_from(self.below(count)).unwrap_or_default()
    }
}

/// Shares as Zipf found them: the second has half of the first's, the third a third of it.
#[derive(Clone, Debug)]
pub struct Zipf(Vec<u64>);

impl Zipf {
    pub fn new(count: usize) -> Self {
        let mut sum = 0;
        let share = |rank: usize| (1 << 32) / u64::try_from(rank + 1).unwrap_or(u64::MAX);
        Self(
            (0..count)
                .map(|rank| {
                    sum += share(rank);
                    sum
                })
                .collect(),
        )
    }

    /// A rank, from 0.
    pub fn draw(&self, dice: &mut Dice) -> usize {
        let all = self.0.last().copied().unwrap_or(1);
        let drawn = dice.below(all);
        self.0.partition_point(|upto| *upto <= drawn)
    }
}
