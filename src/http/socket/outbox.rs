use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// How long the last word may take.
const LAST_WORD: Duration = Duration::from_secs(2);

/// Where messages wait for the client to read them: so many, and so long.
#[derive(Clone)]
pub(super) struct Outbox {
    messages: mpsc::Sender<Message>,
    patience: Duration,
    /// The client reads too slowly, or is gone.
    pub(super) stuck: CancellationToken,
}

impl Outbox {
    pub(super) fn new(buffer: usize, patience: Duration) -> (Self, mpsc::Receiver<Message>) {
        let (messages, queue) = mpsc::channel(buffer);
        let outbox = Self {
            messages,
            patience,
            stuck: CancellationToken::new(),
        };
        (outbox, queue)
    }

    /// Puts a message behind the others, or tells that the socket is stuck.
    pub(super) async fn send(&self, message: Message) {
        let sent = self.messages.send_timeout(message, self.patience).await;
        if sent.is_err() {
            self.stuck.cancel();
        }
    }
}

/// Writes what is in the outbox until it is told the last word.
pub(super) async fn write(
    mut socket: SplitSink<WebSocket, Message>,
    mut queue: mpsc::Receiver<Message>,
    mut last: oneshot::Receiver<CloseFrame>,
) {
    let frame = loop {
        let sent = async {
            match queue.recv().await {
                Some(message) => socket.send(message).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            frame = &mut last => break frame,
            sent = sent => if sent.is_err() { return },
        }
    };
    if let Ok(frame) = frame {
        let close = socket.send(Message::Close(Some(frame)));
        // Whoever does not read does not hear it either.
        let _ = tokio::time::timeout(LAST_WORD, close).await;
    }
}
