//! How many of something one of them may have at a time: connections of an address, streams of a person.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// So many for each, and no more.
pub(super) struct Seats<K> {
    taken: Arc<Mutex<HashMap<K, usize>>>,
    pub(super) most: usize,
}

/// One of them, until it is dropped.
pub(super) struct Seat(Option<Box<dyn FnOnce() + Send>>);

impl<K> Clone for Seats<K> {
    fn clone(&self) -> Self {
        Self {
            taken: self.taken.clone(),
            most: self.most,
        }
    }
}

impl<K: Copy + Eq + Hash + Send + 'static> Seats<K> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            taken: Arc::default(),
            most,
        }
    }

    /// A seat for `who`; nothing where it has all that it may.
    pub(super) fn take(&self, who: K) -> Option<Seat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(who).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        let seats = self.taken.clone();
        Some(Seat(Some(Box::new(move || {
            let mut taken = seats.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(count) = taken.get_mut(&who) {
                *count -= 1;
                if *count == 0 {
                    taken.remove(&who);
                }
            }
        }))))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(leave) = self.0.take() {
            leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_so_many_and_nothing_is_kept_of_who_has_left() {
        let seats = Seats::new(2);
        let first = seats.take("a").unwrap();
        let _second = seats.take("a").unwrap();
        assert!(seats.take("a").is_none());
        assert!(seats.take("b").is_some());
        drop(first);
        assert!(seats.take("a").is_some());
        assert_eq!(seats.taken.lock().unwrap().len(), 1);
    }
}
