//! Amounts of money, each with where it came from.

use entity::Money;

/// The number of a source.
pub(super) type SourceId = usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub source: SourceId,
    pub amount: Money,
}

pub(super) fn slice(source: SourceId, amount: Money) -> Slice {
    Slice { source, amount }
}

/// Where there is any of it.
pub(super) fn some(slice: Slice) -> Option<Slice> {
    slice.amount.is_positive().then_some(slice)
}

pub(super) fn sum(slices: &[Slice]) -> Money {
    slices.iter().map(|slice| slice.amount).sum()
}

/// Takes the last of some slices out of them, at most an amount; in their order.
pub(super) fn last_of(slices: &mut Vec<Slice>, amount: Money) -> Vec<Slice> {
    let (mut taken, mut left) = (Vec::new(), amount);
    while left.is_positive()
        && let Some(last) = slices.last_mut()
    {
        let part = last.amount.min(left);
        taken.push(slice(last.source, part));
        left -= part;
        last.amount -= part;
        if last.amount.is_zero() {
            slices.pop();
        }
    }
    taken.reverse();
    taken
}
