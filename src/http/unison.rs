//! A query that somebody asks several times at once is executed once for all who wait.
//!
//! Whoever comes while the same runs is told by the next execution, which begins when that one ends: so what anybody is told
//! was read after he had asked, by his own session and rights as they were looked up for him. It is for reading what group
//! commit is for writing: the more ask, the less each costs, and a page that is reloaded twenty times is made twice.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_graphql::Response;
use axum::body::Bytes;
use tokio::sync::oneshot;

use super::request::Hash;
use crate::auth::Actor;

/// How long somebody waits for one that runs. What takes longer is not worth waiting for: he is told by one of his own.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);

/// What makes answers the same: who asks from where, in which session and with which rights, and the same operation and
/// variables.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asking {
    pub actor: Actor,
    pub address: Option<IpAddr>,
    pub document: Hash,
    pub operation: Option<String>,
    pub variables: String,
    pub tells_cost: bool,
}

/// An answer as HTTP sends it.
pub(super) struct Told {
    pub answer: Response,
    /// The answer, as JSON.
    pub body: Bytes,
}

impl Told {
    pub(super) fn of(answer: Response) -> Self {
        let body = serde_json::to_vec(&answer).expect("an answer is plain data");
        Self {
            answer,
            body: body.into(),
        }
    }
}

/// Those who wait for the same, and how it is asked.
pub(super) struct Next<R> {
    pub asked: R,
    waiting: Vec<oneshot::Sender<Arc<Told>>>,
}

/// What runs now, and who waits for it to run again. A clone is the same.
pub(super) struct Unisons<R>(Arc<Mutex<Running<R>>>);

type Running<R> = HashMap<Asking, Option<Next<R>>>;

impl<R> Clone for Unisons<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<R> Default for Unisons<R> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// Whose turn it is.
pub(super) enum Turn {
    /// Nobody asks the same: it runs now, and [`Unisons::end`] is to be called when it has run.
    Now,
    /// The same runs: the next time is for him too.
    Next(oneshot::Receiver<Arc<Told>>),
}

impl<R> Unisons<R> {
    /// Comes with a question; `asked` is how it is put, if it is to be put once more.
    pub(super) fn come(&self, asking: &Asking, asked: impl FnOnce() -> R) -> Turn {
        let mut running = self.running();
        let Some(next) = running.get_mut(asking) else {
            running.insert(asking.clone(), None);
            return Turn::Now;
        };
        let next = next.get_or_insert_with(|| Next {
            asked: asked(),
            waiting: Vec::new(),
        });
        let (tell, told) = oneshot::channel();
        next.waiting.push(tell);
        Turn::Next(told)
    }

    /// It has run. Who waits for it to run again, if anybody does: then it is to run, and to end again.
    pub(super) fn end(&self, asking: &Asking) -> Option<Next<R>> {
        let mut running = self.running();
        let next = running.get_mut(asking).and_then(Option::take);
        let next = next.filter(|next| next.waiting.iter().any(|one| !one.is_closed()));
        if next.is_none() {
            running.remove(asking);
        }
        next
    }

    fn running(&self) -> MutexGuard<'_, Running<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells all who waited.
pub(super) fn tell<R>(next: Next<R>, told: &Arc<Told>) {
    let many = next.waiting.len() as u64;
    metrics::counter!("agent_program_queries_shared_total").increment(many);
    for one in next.waiting {
        drop(one.send(told.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(variables: &str) -> Asking {
        Asking {
            actor: Actor::Anonymous,
            address: None,
            document: Hash::default(),
            operation: None,
            variables: variables.into(),
            tells_cost: false,
        }
    }

    #[test]
    fn who_comes_while_it_runs_is_told_by_the_next_and_never_by_this_one() {
        let unisons = Unisons::default();
        let one = asking("1");
        assert!(matches!(unisons.come(&one, || "first"), Turn::Now));
        assert!(matches!(unisons.come(&asking("2"), || "other"), Turn::Now));
        let Turn::Next(mut second) = unisons.come(&one, || "second") else {
            panic!("it runs");
        };
        let Turn::Next(mut third) = unisons.come(&one, || panic!("it is put once")) else {
            panic!("it runs");
        };
        let next = unisons.end(&one).expect("two wait");
        assert_eq!(next.asked, "second");
        assert!(second.try_recv().is_err(), "nothing was told yet");
        // Whoever comes now is not among them: what they will be told is being read already.
        let Turn::Next(fourth) = unisons.come(&one, || "fourth") else {
            panic!("it runs");
        };
        tell(next, &Arc::new(Told::of(Response::default())));
        assert!(second.try_recv().is_ok() && third.try_recv().is_ok());
        // He has lost his patience: nobody waits any more, and the next one is the first again.
        drop(fourth);
        assert!(unisons.end(&one).is_none());
        assert!(matches!(unisons.come(&one, || "fifth"), Turn::Now));
    }
}
