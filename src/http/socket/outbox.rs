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

/// How many frames are written at once.
const FRAMES: usize = 256;

/// Writes what is in the outbox, all that waits at once, until it is told the last word.
pub(super) async fn write(
    mut socket: SplitSink<WebSocket, Message>,
    mut queue: mpsc::UnboundedReceiver<Held<Message>>,
    mut last: oneshot::Receiver<CloseFrame>,
) {
    let mut waiting = Vec::new();
    let frame = loop {
        let sent = async {
            if queue.recv_many(&mut waiting, FRAMES).await == 0 {
                std::future::pending::<()>().await;
            }
            let mut rooms = Vec::with_capacity(waiting.len());
            for Held { frame, room } in waiting.drain(..) {
                socket.feed(frame).await?;
                rooms.push(room);
            }
            socket.flush().await
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
