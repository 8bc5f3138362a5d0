use std::sync::Arc;

use async_graphql::Value;
use async_graphql::parser::types::OperationType;
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use super::super::door::{Door, Ready};
use super::super::engine::Engine;
use super::outbox::Outbox;
use super::protocol;

/// One `subscribe`, until it is complete or nobody wants it any more.
pub(super) struct Operation<E> {
    pub door: Door<E>,
    pub id: Arc<str>,
    pub outbox: Outbox,
    /// Its client has had enough.
    pub cancelled: CancellationToken,
    pub request_id: Arc<str>,
}

/// How an operation came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// `complete` is to be said.
    Complete,
    /// `error` was said, or the client knows.
    Said,
}

impl<E: Engine> Operation<E> {
    pub(super) async fn run(self, ready: Ready) -> End {
        if ready.kind == OperationType::Mutation {
            // To its end, whatever the client does meanwhile.
            return self.work(ready).await;
        }
        let cancelled = self.cancelled.clone();
        tokio::select! {
            biased;
            () = cancelled.cancelled() => End::Said,
            end = self.work(ready) => end,
        }
    }

    async fn work(self, ready: Ready) -> End {
        let mut answers = self.door.stream(ready, &self.request_id);
        let mut first = true;
        while let Some(answer) = answers.next().await {
            if self.cancelled.is_cancelled() {
                continue;
            }
            // Refused, or it could not begin.
            if first && answer.data == Value::Null && !answer.errors.is_empty() {
                self.outbox
                    .send(protocol::error(&self.id, &answer.errors))
                    .await;
                return End::Said;
            }
            first = false;
            self.outbox.send(protocol::next(&self.id, &answer)).await;
        }
        if self.cancelled.is_cancelled() {
            End::Said
        } else {
            End::Complete
        }
    }
}
