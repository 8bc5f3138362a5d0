//! Rows in hand, with a memory: what a refused command touched is put back.

use std::collections::BTreeMap;
use std::ops::Index;

/// How a row in hand came there, and so how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// As the database has it.
    Loaded,
    /// Not in the database yet.
    New,
    /// In the database with other figures.
    Changed,
}

impl<K: Ord + Clone, M: Clone> Index<&K> for Shelf<K, M> {
    type Output = M;

    /// A row that must be there: its owner was asked for.
    fn index(&self, key: &K) -> &M {
        self.get(key).expect("what was asked for is there")
    }
}

/// Rows by key, each with its fate, and what undoes the newest changes.
#[derive(Clone, Debug)]
pub struct Shelf<K, M> {
    rows: BTreeMap<K, (M, Fate)>,
    undo: Vec<(K, Option<(M, Fate)>)>,
}

impl<K, M> Default for Shelf<K, M> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            undo: Vec::new(),
        }
    }
}

impl<K: Ord + Clone, M: Clone> Shelf<K, M> {
    /// Puts a row there as the database has it.
    pub fn load(&mut self, key: K, row: M) {
        self.rows.insert(key, (row, Fate::Loaded));
    }

    /// The row there, as it is now.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&M> {
        self.rows.get(key).map(|(row, _)| row)
    }

    /// All rows in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &M)> {
        self.rows.iter().map(|(key, (row, _))| (key, row))
    }

    /// Puts a new row there.
    pub fn add(&mut self, key: K, row: M) {
        let before = self.rows.insert(key.clone(), (row, Fate::New));
        self.undo.push((key, before));
    }

    /// Changes a row that is there; a new one stays new. `None` where there is none.
    pub fn change<T>(&mut self, key: &K, change: impl FnOnce(&mut M) -> T) -> Option<T> {
        let (row, fate) = self.rows.get_mut(key)?;
        self.undo.push((key.clone(), Some((row.clone(), *fate))));
        if *fate == Fate::Loaded {
            *fate = Fate::Changed;
        }
        Some(change(row))
    }

    /// The rows of one fate, in the order of their keys.
    pub fn of(&self, fate: Fate) -> impl Iterator<Item = &M> {
        self.rows
            .values()
            .filter(move |(_, found)| *found == fate)
            .map(|(row, _)| row)
    }

    /// A place to come back to with [`Shelf::back_to`].
    #[must_use]
    pub fn mark(&self) -> usize {
        self.undo.len()
    }

    /// Undoes all that was changed since a mark.
    pub fn back_to(&mut self, mark: usize) {
        while self.undo.len() > mark {
            let Some((key, before)) = self.undo.pop() else {
                return;
            };
            match before {
                Some(before) => self.rows.insert(key, before),
                None => self.rows.remove(&key),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_since_a_mark_is_put_back() {
        let mut shelf = Shelf::default();
        shelf.load(1, "one");
        shelf.add(2, "two");
        let mark = shelf.mark();
        shelf.change(&1, |row| *row = "uno");
        shelf.change(&2, |row| *row = "due");
        shelf.change(&1, |row| *row = "eins");
        shelf.add(3, "drei");
        assert_eq!(shelf.of(Fate::Changed).collect::<Vec<_>>(), [&"eins"]);
        shelf.back_to(mark);
        assert_eq!(
            shelf.iter().collect::<Vec<_>>(),
            [(&1, &"one"), (&2, &"two")]
        );
        assert_eq!(shelf.of(Fate::Changed).count(), 0);
        assert_eq!(shelf.of(Fate::New).collect::<Vec<_>>(), [&"two"]);
    }
}
