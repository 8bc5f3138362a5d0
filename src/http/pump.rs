use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Response, ServerError, Value};
use futures_util::StreamExt;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::door::{Door, Ready};
use super::engine::Engine;
use super::outbox::{Frame, Outbox};
use crate::graphql::Position;

/// How a transport writes what an operation says.
pub(super) trait Wire: Send + Sync + 'static {
    type Frame: Frame;

    /// Where a subscription begins, for transports whose clients keep it.
    fn begun(&self, _cursor: &str) -> Option<Self::Frame> {
        None
    }

    /// An answer, and the place in its stream.
    fn next(&self, answer: &Response, cursor: Option<&str>) -> Self::Frame;

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

impl<E: Engine, W: Wire> Operation<E, W> {
    /// Begins it in a task of its own. A mutation goes on to its end, whatever the client does meanwhile, and a stop of
    /// the server waits for it.
    pub(super) fn begin(self, ready: Ready) -> JoinHandle<End> {
        if ready.kind == OperationType::Mutation {
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
        let position = Position::default();
        let mut answers = self.door.stream(ready, &self.request_id, position.clone());
        let (mut first, mut begun) = (true, false);
        loop {
            let answer = tokio::select! {
                biased;
                answer = answers.next() => answer,
                cursor = position.beginning(), if !begun => {
                    begun = true;
                    if let Some(frame) = self.wire.begun(&cursor) {
                        self.outbox.send(frame).await;
                    }
                    continue;
                }
            };
            let Some(answer) = answer else { break };
            if self.cancelled.is_cancelled() {
                continue;
            }
            if first && answer.data == Value::Null && !answer.errors.is_empty() {
                let (frame, end) = self.wire.refused(&answer.errors);
                self.outbox.send(frame).await;
                return end;
            }
            (first, begun) = (false, true);
            let cursor = position.cursor();
            self.outbox
                .send(self.wire.next(&answer, cursor.as_deref()))
                .await;
        }
        if self.cancelled.is_cancelled() {
            End::Said
        } else {
            End::Complete
        }
    }
}
