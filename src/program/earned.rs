//! What is left of a commission.

use entity::{Money, commission};

/// What a charge earned, and what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earned {
    /// The EARNED row.
    pub row: commission::Model,
    /// The base on which it was taken back so far.
    pub taken: Money,
    /// What was credited, less what was taken back.
    pub net: Money,
}

impl Earned {
    /// As it was earned, before anything of it was taken back.
    #[must_use]
    pub fn whole(row: commission::Model) -> Self {
        Self {
            taken: Money::ZERO,
            net: row.amount,
            row,
        }
    }

    /// The base on which nothing was taken back yet: the most that can be (E07).
    #[must_use]
    pub fn left(&self) -> Money {
        self.row.base - self.taken
    }

    /// Notes a clawback of it.
    pub fn take(&mut self, clawback: &commission::Model) {
        self.taken -= clawback.base;
        self.net += clawback.amount;
    }
}
