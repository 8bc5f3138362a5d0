//! What the server does by itself: monthly fees, and payments that nobody has decided.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::App;
use crate::Error;
use crate::ledger::bill_due;

const FEES: Duration = Duration::from_mins(1);
const SWEEP: Duration = Duration::from_secs(30);

impl App {
    /// Starts them; they end with `stop`.
    pub(super) fn begin_chores(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        let app = self.clone();
        tasks.spawn(every(FEES, stop.clone(), "monthly fees", move || {
            let app = app.clone();
            async move { bill_due(&app.db, &app.ledger, &app.clock).await }
        }));
        let app = self.clone();
        tasks.spawn(every(SWEEP, stop.clone(), "top-ups", move || {
            let app = app.clone();
            async move { app.payments.sweep().await }
        }));
    }
}

/// Does something now and then, and goes on when it fails.
async fn every<F: Future<Output = Result<u64, Error>> + Send + 'static>(
    pause: Duration,
    stop: CancellationToken,
    what: &'static str,
    chore: impl Fn() -> F,
) {
    let mut pauses = interval(pause);
    pauses.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = pauses.tick() => {}
        }
        // In a task of its own, so that a panic in it is not the end of all that come after.
        match tokio::spawn(chore()).await {
            Ok(Ok(0)) => {}
            Ok(Ok(done)) => tracing::info!(done, "{what}"),
            Ok(Err(error)) => tracing::error!(%error, "{what}"),
            Err(panic) => tracing::error!(%panic, "{what}"),
        }
    }
}
