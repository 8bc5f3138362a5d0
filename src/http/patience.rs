//! How long a connection is waited for: hyper has one timer for reading headers, and starts it while the connection is
//! idle. Ours waits long for the first byte of a request, and then not long for the rest of its headers. For whoever does
//! not read what is written to it hyper has none.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{self, sleep};

use super::crowd::Place;

/// How long a connection is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the headers of a request that has begun.
    pub headers: Duration,
    /// For the next request: longer than the minute that proxies keep a connection, or they would send into a closed one.
    pub idle: Duration,
    /// For the client to read anything at all of what waits for it: longer than a stream is patient, so that its last word
    /// has time to be read.
    pub unread: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            headers: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            unread: Duration::from_secs(30),
        }
    }
}

/// A connection that tells its timer when something arrives, and breaks when nothing of what is written is read.
pub(super) struct Heard {
    stream: TcpStream,
    arrival: Arc<Notify>,
    unread: Duration,
    /// Since the last write found no room.
    stalled: Option<Pin<Box<time::Sleep>>>,
    /// Its place among all, as long as it is open: a socket keeps it after the upgrade.
    _place: Place,
}

/// Waits for the headers of one connection.
pub(super) struct HeaderTimer {
    patience: Patience,
    arrival: Arc<Notify>,
}

/// A connection in its place, and the timer that listens to it.
pub(super) fn heard(stream: TcpStream, patience: Patience, place: Place) -> (Heard, HeaderTimer) {
    let arrival = Arc::new(Notify::new());
    let timer = HeaderTimer {
        patience,
        arrival: arrival.clone(),
    };
    let heard = Heard {
        stream,
        arrival,
        unread: patience.unread,
        stalled: None,
        _place: place,
    };
    (heard, timer)
}

impl Heard {
    /// What became of a write: while there is no room, the time runs.
    fn written<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let unread = self.unread;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(unread)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Timer for HeaderTimer {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Sleep>> {
        let Patience { headers, idle, .. } = self.patience;
        // Hears what arrives from now on, also before it is first polled.
        let arrival = self.arrival.clone().notified_owned();
        Box::pin(Wait(Box::pin(async move {
            tokio::select! {
                () = sleep(idle) => {}
                () = arrival => sleep(headers).await,
            }
        })))
    }

    fn sleep_until(&self, _: Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(self.patience.headers)
    }
}

struct Wait(Pin<Box<dyn Future<Output = ()> + Send + Sync>>);

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl Sleep for Wait {}

impl AsyncRead for Heard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.arrival.notify_waiters();
        }
        read
    }
}

impl AsyncWrite for Heard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = Pin::new(&mut self.stream).poll_flush(cx);
        self.written(cx, written)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(cx, written)
    }
}
