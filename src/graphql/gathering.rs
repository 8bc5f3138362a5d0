//! Keys that a request asks for at one moment, read together.
//!
//! The library's own loader waits a millisecond by a timer for others to come: on a page of three levels that was most of the
//! time. Here nobody waits by the clock: all fields of a level are asked in one turn of the request's task, so whoever asks
//! first lets that turn end, and then reads for all of them.

use std::any::{Any, TypeId};
use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::hash::Hash;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;
use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;

/// A database error that many who wait for one statement get.
pub(super) type Shared = Arc<DbErr>;

/// What many keys are read by at once.
pub trait Loader<K>: Send + Sync + 'static {
    /// What there is of a key.
    type Value: Clone + Send + Sync + 'static;

    /// What there is of these keys, each of which comes once.
    ///
    /// # Errors
    /// The database's.
    fn load(
        &self,
        keys: &[K],
    ) -> impl Future<Output = Result<HashMap<K, Self::Value>, Arc<DbErr>>> + Send;
}

/// A loader of one request, with those who wait to be gathered. Remembers nothing: what is asked for again is read again.
pub(super) struct Gathering<L> {
    loader: L,
    /// The round of each kind of key that can still be joined.
    open: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

/// Those who are read for together.
struct Round<K, V> {
    keys: Mutex<HashSet<K>>,
    found: OnceLock<Result<HashMap<K, V>, Shared>>,
    /// It has been read, or whoever was to read has gone.
    over: CancellationToken,
}

/// The end of a task's turn, told by the runtime. A task is polled again for many reasons, and some of its futures then
/// twice before others once: only the runtime knows when all have had their turn.
#[derive(Default)]
struct Turn {
    ended: AtomicBool,
    waiting: AtomicWaker,
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.ended.store(true, Ordering::Release);
        self.waiting.wake();
    }
}

async fn turn_ends() {
    let turn = Arc::new(Turn::default());
    let mut ending = pin!(tokio::task::yield_now());
    let mut asked = false;
    poll_fn(|cx| {
        turn.waiting.register(cx.waker());
        if !asked {
            asked = true;
            let waker = Waker::from(turn.clone());
            _ = ending.as_mut().poll(&mut Context::from_waker(&waker));
            return Poll::Pending;
        }
        if turn.ended.load(Ordering::Acquire) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<L: Send + Sync + 'static> Gathering<L> {
    pub(super) fn new(loader: L) -> Self {
        Self {
            loader,
            open: Mutex::default(),
        }
    }

    /// What there is of a key.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn load_one<K>(&self, key: K) -> Result<Option<L::Value>, Shared>
    where
        L: Loader<K>,
        K: Clone + Eq + Hash + Send + Sync + 'static,
    {
        loop {
            let (round, first) = self.join::<K>(&key);
            if first {
                // Also when this field is given up with others of its page: then somebody else reads.
                let _over = round.over.clone().drop_guard();
                // Long lists are asked in several turns where the machine is busy: until nobody else comes.
                loop {
                    let before = locked(&round.keys).len();
                    turn_ends().await;
                    if locked(&round.keys).len() == before {
                        break;
                    }
                }
                self.close(&round);
                let keys: Vec<K> = locked(&round.keys).drain().collect();
                _ = round.found.set(self.loader.load(&keys).await);
            } else {
                // Without a budget: whoever had none left would go on in another turn, and ask for what comes next in a
                // round of its own.
                tokio::task::unconstrained(round.over.cancelled()).await;
            }
            if let Some(found) = round.found.get() {
                let found = found.as_ref().map(|found| found.get(&key).cloned());
                return found.map_err(Arc::clone);
            }
        }
    }

    /// The round that can be joined now, and whether this is the first who does.
    fn join<K>(&self, key: &K) -> (Arc<Round<K, L::Value>>, bool)
    where
        L: Loader<K>,
        K: Clone + Eq + Hash + Send + Sync + 'static,
    {
        let mut open = locked(&self.open);
        let known = open.get(&TypeId::of::<K>()).cloned();
        let known = known.and_then(|round| round.downcast::<Round<K, L::Value>>().ok());
        if let Some(round) = known.filter(|round| !round.over.is_cancelled()) {
            locked(&round.keys).insert(key.clone());
            return (round, false);
        }
        let round = Arc::new(Round {
            keys: Mutex::new(HashSet::from([key.clone()])),
            found: OnceLock::new(),
            over: CancellationToken::new(),
        });
        open.insert(TypeId::of::<K>(), round.clone());
        (round, true)
    }

    /// Whoever comes from now on begins another one.
    fn close<K>(&self, round: &Arc<Round<K, L::Value>>)
    where
        L: Loader<K>,
        K: Clone + Eq + Hash + Send + Sync + 'static,
    {
        let mut open = locked(&self.open);
        let same = open
            .get(&TypeId::of::<K>())
            .is_some_and(|known| Arc::as_ptr(known).cast::<()>() == Arc::as_ptr(round).cast());
        if same {
            open.remove(&TypeId::of::<K>());
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use futures_util::poll;

    use super::*;

    /// Doubles, and counts how often it was asked, and for how many.
    #[derive(Default)]
    struct Doubling(Mutex<Vec<usize>>);

    impl Loader<u32> for Doubling {
        type Value = u32;
        async fn load(&self, keys: &[u32]) -> Result<HashMap<u32, u32>, Shared> {
            locked(&self.0).push(keys.len());
            tokio::task::yield_now().await;
            let even = keys.iter().filter(|key| *key % 2 == 0);
            Ok(even.map(|key| (*key, key * 2)).collect())
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_asked_at_one_moment_is_read_at_once() {
        let gathering = Gathering::new(Doubling::default());
        for many in [1, 7, 100] {
            let keys = (0..many).chain(0..many);
            let all = join_all(keys.map(|key| gathering.load_one(key))).await;
            for (key, found) in (0..many).chain(0..many).zip(all) {
                let wanted = (key % 2 == 0).then_some(key * 2);
                assert_eq!(found.unwrap(), wanted, "of {key}");
            }
        }
        assert_eq!(*locked(&gathering.loader.0), [1, 7, 100]);
    }

    #[tokio::test]
    async fn where_the_first_is_given_up_another_reads() {
        let gathering = Gathering::new(Doubling::default());
        for begun in [1, 2] {
            let mut first = Box::pin(gathering.load_one(2));
            let mut second = Box::pin(gathering.load_one(4));
            for _ in 0..begun {
                assert!(poll!(&mut first).is_pending());
                assert!(poll!(&mut second).is_pending());
                // The turn ends.
                tokio::task::yield_now().await;
            }
            drop(first);
            assert_eq!(second.await.unwrap(), Some(8));
            assert_eq!(gathering.load_one(6).await.unwrap(), Some(12));
        }
    }
}
