use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// What the smallest frame counts for: what holds it takes room too.
const LEAST: usize = 1_024;

/// Something that waits to be written.
pub(super) trait Frame: Send + 'static {
    /// How long it is.
    fn bytes(&self) -> usize;
}

/// Where frames wait for the client to read them: so many bytes, and so long. What is behind it waits with them, and
/// nobody else does.
pub(super) struct Outbox<F> {
    frames: mpsc::UnboundedSender<Held<F>>,
    room: Arc<Semaphore>,
    most: usize,
    patience: Duration,
    /// The client reads too slowly, or is gone.
    pub(super) stuck: CancellationToken,
}

/// A frame, and the room that it takes until it is written.
pub(super) struct Held<F> {
    pub frame: F,
    pub room: OwnedSemaphorePermit,
}

impl<F> Clone for Outbox<F> {
    fn clone(&self) -> Self {
        Self {
            frames: self.frames.clone(),
            room: self.room.clone(),
            most: self.most,
            patience: self.patience,
            stuck: self.stuck.clone(),
        }
    }
}

impl<F: Frame> Outbox<F> {
    /// One of so many bytes. A longer frame fills it alone.
    pub(super) fn new(most: usize, patience: Duration) -> (Self, mpsc::UnboundedReceiver<Held<F>>) {
        let (frames, queue) = mpsc::unbounded_channel();
        let most = most.clamp(LEAST, u32::MAX as usize);
        let outbox = Self {
            frames,
            room: Arc::new(Semaphore::new(most)),
            most,
            patience,
            stuck: CancellationToken::new(),
        };
        (outbox, queue)
    }

    /// Puts a frame behind the others, or tells that the client is stuck.
    pub(super) async fn send(&self, frame: F) {
        let bytes = frame.bytes().clamp(LEAST, self.most);
        let bytes = u32::try_from(bytes).expect("no more than the outbox has");
        let room = match self.room.clone().try_acquire_many_owned(bytes) {
            Ok(room) => Some(room),
            Err(_) => self.wait(bytes).await,
        };
        let held = match room {
            Some(room) => self.frames.send(Held { frame, room }).ok(),
            _ => None,
        };
        if held.is_none() {
            self.stuck.cancel();
        }
    }

    async fn wait(&self, bytes: u32) -> Option<OwnedSemaphorePermit> {
        let room = self.room.clone().acquire_many_owned(bytes);
        tokio::select! {
            biased;
            () = self.frames.closed() => None,
            room = tokio::time::timeout(self.patience, room) => room.ok()?.ok(),
        }
    }

    /// Waits until nobody will read any more of it.
    pub(super) async fn gone(&self) {
        self.frames.closed().await;
    }
}
