use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::Source;
use crate::Error;

/// Turns at work that takes a core: a few at a time, a bounded number waiting, and fair by source. Sources take turns, so
/// that one who floods waits for itself; and where all places are taken, whoever has the most gives one up.
#[derive(Clone)]
pub(super) struct Turns(Arc<Mutex<State>>);

struct State {
    /// Turns that nobody has.
    free: usize,
    /// How many may wait in all, and of one source.
    most: usize,
    share: usize,
    waiting: BTreeMap<Source, VecDeque<oneshot::Sender<Turn>>>,
    /// Who waits, in the order of its next turn.
    order: VecDeque<Source>,
}

/// A turn, which passes on when it is dropped.
#[must_use = "a turn that is dropped is over"]
pub(super) struct Turn(Option<Turns>);

impl Turns {
    pub(super) fn new(at_once: usize, most: usize, share: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: at_once,
            most,
            share,
            waiting: BTreeMap::new(),
            order: VecDeque::new(),
        })))
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// `Overloaded` where the source has its share of the places already, or another one needs its place.
    pub(super) async fn wait(&self, source: Source) -> Result<Turn, Error> {
        let (place, turn) = oneshot::channel();
        {
            let mut state = self.lock();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Turn(Some(self.clone())));
            }
            state.enter(source, place)?;
        }
        turn.await.map_err(|_| Error::Overloaded)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enter(&mut self, source: Source, place: oneshot::Sender<Turn>) -> Result<(), Error> {
        self.waiting.retain(|_, places| {
            places.retain(|place| !place.is_closed());
            !places.is_empty()
        });
        let waiting = &self.waiting;
        self.order.retain(|source| waiting.contains_key(source));
        let own = self.waiting.get(&source).map_or(0, VecDeque::len);
        // This process itself is no flood.
        if own >= self.share && source != Source::default() {
            return Err(Error::Overloaded);
        }
        if self.waiting.values().map(VecDeque::len).sum::<usize>() >= self.most {
            let longest = self.waiting.values_mut().max_by_key(|places| places.len());
            // Whoever came last of those who have more than this one would have.
            let longest = longest.filter(|places| places.len() > own + 1);
            longest
                .and_then(VecDeque::pop_back)
                .ok_or(Error::Overloaded)?;
        }
        if own == 0 {
            self.order.push_back(source);
        }
        self.waiting.entry(source).or_default().push_back(place);
        Ok(())
    }

    /// Whose turn is next: the oldest of the source that has waited longest for a turn.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let source = self.order.pop_front()?;
        let places = self.waiting.get_mut(&source)?;
        let next = places.pop_front();
        if places.is_empty() {
            self.waiting.remove(&source);
        } else {
            self.order.push_back(source);
        }
        next
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(turns) = self.0.take() else {
            return;
        };
        loop {
            let next = {
                let mut state = turns.lock();
                let next = state.next();
                if next.is_none() {
                    state.free += 1;
                }
                next
            };
            let Some(next) = next else {
                return;
            };
            match next.send(Turn(Some(turns.clone()))) {
                Ok(()) => return,
                // Gone meanwhile: the turn is another's.
                Err(mut turn) => turn.0 = None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use futures_util::FutureExt;

    use super::*;

    fn source(house: u8) -> Source {
        IpAddr::from([192, 0, 2, house]).into()
    }

    type Waiting = std::pin::Pin<Box<dyn Future<Output = Result<Turn, Error>>>>;

    fn waits(turns: &Turns, house: u8) -> Option<Waiting> {
        let turns = turns.clone();
        let mut waiting: Waiting = Box::pin(async move { turns.wait(source(house)).await });
        match (&mut waiting).now_or_never() {
            None => Some(waiting),
            Some(Err(Error::Overloaded)) => None,
            Some(_) => panic!("a turn at once"),
        }
    }

    #[tokio::test]
    async fn sources_take_turns_and_none_has_more_than_its_share() {
        let turns = Turns::new(1, 8, 4);
        let running = turns.wait(source(1)).await.unwrap();
        let flood: Vec<_> = (0..200).filter_map(|_| waits(&turns, 1)).collect();
        assert_eq!(flood.len(), 4);
        let honest = waits(&turns, 2).expect("a place");
        let mut flood = flood.into_iter();
        drop(running);
        // One of the flood is before it, and not all four.
        drop(flood.next().unwrap().await.unwrap());
        drop(honest.now_or_never().expect("its turn").unwrap());
        for next in flood {
            drop(next.now_or_never().expect("its turn").unwrap());
        }
        assert_eq!(turns.lock().free, 1);
    }

    #[tokio::test]
    async fn where_all_places_are_taken_whoever_has_the_most_gives_one_up() {
        let turns = Turns::new(1, 8, 4);
        let running = turns.wait(source(1)).await.unwrap();
        let mut floods: Vec<_> = [1, 1, 1, 1, 2, 2, 2, 2]
            .into_iter()
            .filter_map(|house| waits(&turns, house))
            .collect();
        assert_eq!(floods.len(), 8);
        let honest = waits(&turns, 3).expect("a place");
        let given_up = floods.iter_mut().filter_map(FutureExt::now_or_never);
        assert_eq!(given_up.filter(Result::is_err).count(), 1);
        drop(running);
        drop(floods);
        drop(honest.await.unwrap());
        assert_eq!(turns.lock().free, 1);
    }

    #[tokio::test]
    async fn whoever_leaves_gives_back_place_and_turn() {
        let turns = Turns::new(1, 2, 2);
        let running = turns.wait(source(1)).await.unwrap();
        let left = waits(&turns, 1).unwrap();
        drop(left);
        let stays = waits(&turns, 1).unwrap();
        let also = waits(&turns, 2).unwrap();
        drop(running);
        // Its turn came, and it never took it.
        drop(stays);
        drop(also.now_or_never().expect("its turn").unwrap());
        assert_eq!(turns.lock().free, 1);
    }
}
