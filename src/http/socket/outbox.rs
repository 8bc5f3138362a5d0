use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use tokio::sync::{mpsc, oneshot};

use super::super::outbox::{Frame, Held};

/// How long the last word may take.
const LAST_WORD: Duration = Duration::from_secs(2);

impl Frame for Message {
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) | Self::Ping(bytes) | Self::Pong(bytes) => bytes.len(),
            Self::Close(_) => 0,
        }
    }
}

/// Writes what is in the outbox until it is told the last word.
pub(super) async fn write(
    mut socket: SplitSink<WebSocket, Message>,
    mut queue: mpsc::UnboundedReceiver<Held<Message>>,
    mut last: oneshot::Receiver<CloseFrame>,
) {
    let frame = loop {
        let sent = async {
            match queue.recv().await {
                Some(Held { frame, room }) => {
                    let sent = socket.send(frame).await;
                    drop(room);
                    sent
                }
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
