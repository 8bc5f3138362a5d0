//! How long a connection is waited for: hyper has one timer for reading headers, and starts it while the connection is
//! idle. Ours waits long for the first byte of a request, and then not long for the rest of its headers.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::sleep;

/// How long a connection is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the headers of a request that has begun.
    pub headers: Duration,
    /// For the next request: longer than the minute that proxies keep a connection, or they would send into a closed one.
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            headers: Duration::from_secs(10),
            idle: Duration::from_secs(75),
        }
    }
}

/// A connection that tells its timer when something arrives.
pub(super) struct Heard {
    stream: TcpStream,
    arrival: Arc<Notify>,
}

/// Waits for the headers of one connection.
pub(super) struct HeaderTimer {
    patience: Patience,
    arrival: Arc<Notify>,
}

/// A connection, and the timer that listens to it.
pub(super) fn heard(stream: TcpStream, patience: Patience) -> (Heard, HeaderTimer) {
    let arrival = Arc::new(Notify::new());
    let timer = HeaderTimer {
        patience,
        arrival: arrival.clone(),
    };
    (Heard { stream, arrival }, timer)
}

impl Timer for HeaderTimer {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Sleep>> {
        let Patience { headers, idle } = self.patience;
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
    ) -> Poll<std::io::Result<()>> {
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
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }
}
