use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Response, ServerError};
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::chorus::{Member, Told};
use super::door::{Door, Ready};
use super::engine::Engine;
use super::outbox::{Frame, Outbox};
use crate::auth::Actor;
use crate::graphql::{Place, Position};

/// How a transport writes what an operation says.
pub(super) trait Wire: Send + Sync + 'static {
    type Frame: Frame;

    /// Where a subscription begins, for transports whose clients keep it.
    fn begun(&self, _cursor: &str) -> Option<Self::Frame> {
        None
    }

    /// An answer, and the place in its stream.
    fn next(&self, told: &Told) -> Self::Frame;

    /// It was refused, or could not begin; and whether `complete` is to follow.
    fn refused(&self, errors: &[ServerError]) -> (Self::Frame, End);
}

/// How an operation came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// `complete` is to be said.
    Complete,
    /// All was said, or the client knows.
    Said,
}

/// One operation as a stream, whatever carries it: it is asked for more no faster than its client reads.
pub(super) struct Operation<E, W: Wire> {
    pub door: Door<E>,
    pub wire: W,
    pub outbox: Outbox<W::Frame>,
    /// Its client has had enough.
    pub cancelled: CancellationToken,
    pub request_id: Arc<str>,
}

/// What ends a stretch that an operation goes alone.
enum Alone {
    Ended(End),
    /// It has all that the others have, up to this place.
    Level(Member, Place),
}

/// What ends a stretch that it goes with others.
struct Lost {
    /// Where it is.
    place: Place,
    /// It asked for what others are not shown: it goes on alone.
    for_good: bool,
}

impl<E: Engine, W: Wire> Operation<E, W> {
    /// Begins it in a task of its own. A mutation goes on to its end, whatever the client does meanwhile, and a stop of
    /// the server waits for it.
    pub(super) fn begin(self, ready: Ready) -> JoinHandle<End> {
        if ready.kind() == OperationType::Mutation {
            let tasks = self.door.tasks.clone();
            return tasks.spawn(self.work(ready));
        }
        tokio::spawn(async move {
            let cancelled = self.cancelled.clone();
            tokio::select! {
                biased;
                () = cancelled.cancelled() => End::Said,
                end = self.work(ready) => end,
            }
        })
    }

    async fn work(self, ready: Ready) -> End {
        let mut session = match ready.actor() {
            Actor::Person(person) => Some(self.door.gate.watch(person.session)),
            Actor::Anonymous | Actor::Machine(_) => None,
        };
        let mut at: Option<Place> = None;
        let mut shared = ready.kind() == OperationType::Subscription;
        loop {
            // From here on it is looked at anew, in the stream.
            session.as_mut().map(watch::Receiver::mark_unchanged);
            match self.alone(&ready, at.take(), shared).await {
                Alone::Ended(end) => return end,
                Alone::Level(member, place) => {
                    let lost = self.together(member, place, session.as_ref()).await;
                    shared = !lost.for_good;
                    at = Some(lost.place);
                }
            }
        }
    }

    /// Goes its own way, from `at` on or from where it says, until it ends or, if it may, has come as far as others.
    async fn alone(&self, ready: &Ready, at: Option<Place>, shared: bool) -> Alone {
        let position = Position::default();
        let asked = match &at {
            Some(place) => ready.clone().after(&place.cursor),
            None => ready.clone(),
        };
        let mut answers = self.door.stream(asked, &self.request_id, position.clone());
        let mut first = at.is_none();
        let mut at: Option<Place> = None;
        let mut member: Option<Member> = None;
        loop {
            if shared && at.is_some() && member.is_none() {
                member = Some(self.join(ready));
            }
            let answer = tokio::select! {
                biased;
                answer = answers.next() => answer,
                place = position.beginning(), if at.is_none() => {
                    if first && let Some(frame) = self.wire.begun(&place.cursor) {
                        self.outbox.send(frame).await;
                    }
                    at = Some(place);
                    continue;
                }
                Some(place) = level(member.as_mut(), at.as_ref()) => {
                    let member = member.take().expect("it is level with somebody");
                    return Alone::Level(member, place);
                }
            };
            let Some(answer) = answer else { break };
            if self.cancelled.is_cancelled() {
                continue;
            }
            at = position.place().or(at);
            let told = Told::of(answer, at.clone());
            if first && let Some(Response { errors, .. }) = &told.refused {
                let (frame, end) = self.wire.refused(errors);
                self.outbox.send(frame).await;
                return Alone::Ended(end);
            }
            first = false;
            self.outbox.send(self.wire.next(&told)).await;
        }
        Alone::Ended(if self.cancelled.is_cancelled() {
            End::Said
        } else {
            End::Complete
        })
    }

    fn join(&self, ready: &Ready) -> Member {
        self.door.choruses.join(ready.subject(), |position| {
            let id = Uuid::now_v7().simple().to_string().into();
            let begun_now = ready.clone().now();
            self.door.stream(begun_now, &id, position)
        })
    }

    /// Says what the others are told, from `place` on, until it has to look for itself.
    async fn together(
        &self,
        mut member: Member,
        mut place: Place,
        session: Option<&watch::Receiver<u64>>,
    ) -> Lost {
        while let Some(told) = member.next(place.seq).await {
            // Its session may have ended: alone, that is looked at.
            if session.is_some_and(|it| it.has_changed().unwrap_or(true)) {
                break;
            }
            self.outbox.send(self.wire.next(&told)).await;
            place = told.place.clone().expect("what is shared has a place");
        }
        Lost {
            for_good: member.is_personal(),
            place,
        }
    }
}

/// Waits until a member is level with the others, and answers where.
async fn level(member: Option<&mut Member>, at: Option<&Place>) -> Option<Place> {
    match (member, at) {
        (Some(member), Some(place)) => {
            member.level(place.seq).await;
            Some(place.clone())
        }
        _ => std::future::pending().await,
    }
}
