//! Threads of their own for work that takes much memory: each keeps its own, and there are few of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use tokio::sync::oneshot;

use crate::Error;

type Work = Box<dyn FnOnce() + Send>;

/// So many threads, which end with the last clone.
#[derive(Clone)]
pub(super) struct Hands(mpsc::Sender<Work>);

impl Hands {
    /// # Errors
    /// When the system has no more threads.
    pub(super) fn new(count: usize) -> Result<Self, Error> {
        let (work, queue) = mpsc::channel::<Work>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..count {
            let queue = queue.clone();
            let thread = thread::Builder::new().name("passwords".into());
            let spawned = thread.spawn(move || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(work) = next else { return };
                    // Who waits for it hears of it: nothing is sent.
                    let _ = catch_unwind(AssertUnwindSafe(work));
                }
            });
            spawned.map_err(|fault| Error::Fault(format!("a thread for passwords: {fault}")))?;
        }
        Ok(Self(work))
    }

    /// Does it on one of them, also when nobody waits any more; nothing where it panicked.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (done, answer) = oneshot::channel();
        let work: Work = Box::new(move || {
            let _ = done.send(work());
        });
        self.0.send(work).ok()?;
        answer.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_panics_takes_no_thread_along() {
        let hands = Hands::new(1).unwrap();
        let none: Option<i32> = hands.work(|| panic!("on purpose")).await;
        assert_eq!(none, None);
        let name = hands.work(|| thread::current().name().map(str::to_owned));
        assert_eq!(name.await, Some(Some("passwords".into())));
    }
}
