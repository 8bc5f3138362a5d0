//! Streams that many follow with the same words are executed once, and what they say is written once.
//!
//! Everybody begins alone, with all that is looked at then; whoever has come as far as the others goes on with them, and
//! whoever falls behind or hears no more of them goes on alone from where he is. So nobody depends on the others: what they
//! say is only what he would be told anyway.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_graphql::{Response, Value};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::request::Hash;
use crate::graphql::sight::Sight;
use crate::graphql::{Place, Position};

/// How far behind the others somebody may be before he goes on alone.
const BEHIND: usize = 128;

/// How long the others wait for one of them, in a burst: then he goes on alone.
const PATIENCE: Duration = Duration::from_millis(250);

/// What makes answers the same: the same operation with the same variables, but for where it begins, and the same sight.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Subject {
    pub document: Hash,
    pub operation: Option<String>,
    pub variables: String,
    pub sight: Sight,
}

/// An answer as every transport sends it.
pub(super) struct Told {
    /// The answer, as JSON.
    pub payload: Box<str>,
    /// The place in its stream.
    pub place: Option<Place>,
    /// Nothing was executed: it was refused, or could not begin.
    pub refused: Option<Response>,
}

impl Told {
    pub(super) fn of(answer: Response, place: Option<Place>) -> Self {
        let payload = serde_json::to_string(&answer).expect("an answer is plain data");
        let refused = answer.data == Value::Null && !answer.errors.is_empty();
        Self {
            payload: payload.into(),
            place,
            refused: refused.then_some(answer),
        }
    }
}

/// What is followed by somebody, each subject once. A clone is the same ones.
#[derive(Clone, Default)]
pub(super) struct Choruses(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    all: HashMap<Subject, Weak<Chorus>>,
    /// Those that are gone are forgotten when there are as many again as after the last time.
    sweep_at: usize,
}

/// An execution for all who follow the same. It ends with the last of them.
struct Chorus {
    told: broadcast::WeakSender<Arc<Told>>,
    position: Position,
    place: watch::Receiver<Option<Place>>,
    _leave: DropGuard,
}

/// One who hears the others.
pub(super) struct Member {
    told: broadcast::Receiver<Arc<Told>>,
    /// All up to it had been said when `told` began to be heard, or later.
    place: watch::Receiver<Option<Place>>,
    chorus: Arc<Chorus>,
}

impl Member {
    /// Whether what is asked for is not for others.
    pub(super) fn is_personal(&self) -> bool {
        self.chorus.position.is_personal()
    }

    /// Waits until somebody who has all up to `seq` misses nothing when he goes on with the others, for ever if he never
    /// will.
    pub(super) async fn level(&mut self, seq: i64) {
        let reached = |place: &Option<Place>| place.as_ref().is_some_and(|it| it.seq <= seq);
        // They only go ahead: whoever is behind has to catch up alone.
        if self.place.wait_for(Option::is_some).await.is_err() || !reached(&self.place.borrow()) {
            std::future::pending::<()>().await;
        }
    }

    /// What is said next after `seq`; nothing once he has to go on alone.
    pub(super) async fn next(&mut self, seq: i64) -> Option<Arc<Told>> {
        loop {
            let told = self.told.recv().await.ok()?;
            if told.place.as_ref().is_some_and(|place| place.seq > seq) {
                return Some(told);
            }
        }
    }
}

impl Choruses {
    /// Joins those who follow the same, or is the first of them, whose execution it is: it begins now.
    pub(super) fn join(
        &self,
        subject: Subject,
        execute: impl FnOnce(Position) -> BoxStream<'static, Response>,
    ) -> Member {
        let mut open = self.open();
        let known = open.all.get(&subject).and_then(Weak::upgrade);
        if let Some((chorus, told)) =
            known.and_then(|it| it.told.upgrade().map(|told| (it, told.subscribe())))
        {
            return Member {
                told,
                // Looked at only after what is said can be heard.
                place: chorus.place.clone(),
                chorus,
            };
        }
        let (sender, told) = broadcast::channel(BEHIND);
        let (reached, place) = watch::channel(None);
        let left = CancellationToken::new();
        let position = Position::default();
        let chorus = Arc::new(Chorus {
            told: sender.downgrade(),
            position: position.clone(),
            place: place.clone(),
            _leave: left.clone().drop_guard(),
        });
        if open.all.len() >= open.sweep_at {
            open.all.retain(|_, chorus| chorus.strong_count() > 0);
            open.sweep_at = 64.max(open.all.len() * 2);
        }
        open.all.insert(subject, Arc::downgrade(&chorus));
        let answers = execute(position.clone());
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = left.cancelled() => {}
                () = lead(answers, position, reached, sender) => {}
            }
        });
        Member {
            told,
            place,
            chorus,
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says what is answered, until that ends or is not for everybody: then each goes on alone, and hears why.
async fn lead(
    mut answers: BoxStream<'static, Response>,
    position: Position,
    reached: watch::Sender<Option<Place>>,
    told: broadcast::Sender<Arc<Told>>,
) {
    let mut seq = None;
    let mut pace = Pace::default();
    loop {
        let answer = tokio::select! {
            biased;
            answer = answers.next() => answer,
            place = position.beginning(), if seq.is_none() => {
                seq = Some(place.seq);
                reached.send_replace(Some(place));
                continue;
            }
        };
        let (Some(answer), Some(place)) = (answer, position.place()) else {
            return;
        };
        // The last word, which is no event, has the place of the last event.
        if seq.is_some_and(|before| before >= place.seq) || position.is_personal() {
            return;
        }
        seq = Some(place.seq);
        pace.keep(&told).await;
        // The place first: whoever sees the one before hears this.
        reached.send_replace(Some(place.clone()));
        // Nobody is there while the first is catching up.
        let _ = told.send(Arc::new(Told::of(answer, Some(place))));
    }
}

/// Lets members keep up in a burst, so that they need not read for themselves what is at hand.
#[derive(Default)]
struct Pace {
    /// How many more are not waited for, since somebody did not keep up.
    rest: usize,
}

impl Pace {
    async fn keep(&mut self, told: &broadcast::Sender<Arc<Told>>) {
        const FULL: usize = BEHIND / 2;
        if self.rest > 0 {
            self.rest -= 1;
            // The others have their turn.
            return tokio::task::yield_now().await;
        }
        let room = async {
            while told.len() >= FULL {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, room).await.is_err() {
            self.rest = BEHIND;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn subject() -> Subject {
        Subject {
            document: Hash::default(),
            operation: None,
            variables: String::new(),
            sight: Sight::All,
        }
    }

    fn place(seq: i64) -> Place {
        Place {
            seq,
            cursor: seq.to_string().into(),
        }
    }

    /// So many events, and then none.
    fn events(position: Position, many: i64) -> BoxStream<'static, Response> {
        position.begins(place(0));
        let events = stream::iter(1..=many).map(move |seq| {
            position.reached(place(seq));
            Response::new(seq)
        });
        events.chain(stream::pending()).boxed()
    }

    #[tokio::test]
    async fn whoever_falls_behind_goes_on_alone() {
        const MANY: i64 = 500;
        let choruses = Choruses::default();
        let mut quick = choruses.join(subject(), |position| events(position, MANY));
        let mut slow = choruses.join(subject(), |_| panic!("it is executed once"));
        for seq in 0..MANY {
            let told = quick.next(seq).await.expect("it keeps up");
            assert_eq!(&*told.payload, format!(r#"{{"data":{}}}"#, seq + 1));
        }
        assert!(slow.next(0).await.is_none());
    }

    #[tokio::test]
    async fn an_execution_ends_with_its_last_member_and_the_next_begins_anew() {
        let choruses = Choruses::default();
        let first = choruses.join(subject(), |position| events(position, 1));
        let second = choruses.join(subject(), |_| panic!("it is executed once"));
        drop(first);
        let third = choruses.join(subject(), |_| panic!("it is executed still"));
        drop((second, third));
        let mut fourth = choruses.join(subject(), |position| events(position, 2));
        assert!(fourth.next(0).await.is_some());
    }

    #[tokio::test]
    async fn where_it_ends_everybody_goes_on_alone() {
        let choruses = Choruses::default();
        let mut member = choruses.join(subject(), |position| {
            events(position, 1)
                .take(1)
                .chain(stream::iter([Response::new("a last word")]))
                .boxed()
        });
        assert!(member.next(0).await.is_some());
        assert!(member.next(1).await.is_none());
        assert!(!member.is_personal());
    }
}
