use std::future::pending;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::door::Door;
use super::gate::Gate;
use crate::Error;
use crate::auth::{Actor, Person};

/// Whoever follows something, and for how long he may.
pub(super) struct Guest {
    pub actor: Actor,
    /// What it came with: a machine's key is looked at again.
    authorization: Option<String>,
    /// When its token runs out.
    pub until: Option<Instant>,
    /// Changes when its session or its key may have ended. Taken by whoever watches it.
    pub session: Option<watch::Receiver<u64>>,
}

/// Why a guest has to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// The token ran out, or its session or key has ended.
    Unauthenticated,
    /// It cannot be told whether he may stay.
    Fault,
}

impl Guest {
    /// From now on it is watched; what happened since `actor` was looked up is found by looking again.
    pub(super) fn new<E>(door: &Door<E>, actor: Actor, authorization: Option<&str>) -> Self {
        let person = match &actor {
            Actor::Person(person) => Some(person),
            _ => None,
        };
        let deadline = |person: &Person| {
            let left = person.access_expires_at - door.clock.now();
            Instant::now() + left.to_std().unwrap_or_default()
        };
        Self {
            until: person.map(deadline),
            session: match &actor {
                Actor::Anonymous => None,
                Actor::Person(person) => Some(door.gate.watch(person.session)),
                Actor::Machine(machine) => Some(door.gate.watch_key(machine.key)),
            },
            authorization: authorization.map(str::to_owned),
            actor,
        }
    }

    /// Whether the session still runs, and what its login is by now.
    pub(super) async fn look_again(&mut self, gate: &dyn Gate) -> Result<(), Gone> {
        let fault = |error: Error| {
            tracing::error!(%error, "looking again at who follows");
            Gone::Fault
        };
        match &self.actor {
            Actor::Person(person) => {
                let person = gate.again(person).await.map_err(fault)?;
                self.actor = Actor::Person(person.ok_or(Gone::Unauthenticated)?);
            }
            Actor::Machine(_) => match gate.actor(self.authorization.as_deref()).await {
                Ok(_) => {}
                Err(Error::Unauthenticated) => return Err(Gone::Unauthenticated),
                Err(error) => return Err(fault(error)),
            },
            Actor::Anonymous => {}
        }
        Ok(())
    }

    /// Waits until it has to go. Looks at once, at every hint, and every so often.
    pub(super) async fn gone(mut self, gate: &dyn Gate, every: Duration) -> Gone {
        let mut ticks = ticks(Instant::now(), every);
        loop {
            if let Err(gone) = self.look_again(gate).await {
                return gone;
            }
            tokio::select! {
                biased;
                () = at(self.until) => return Gone::Unauthenticated,
                () = changed(self.session.as_mut()) => {}
                _ = ticks.tick() => {}
            }
        }
    }
}

/// Ticks from `since` on, the first time when the first span is over.
pub(super) fn ticks(since: Instant, every: Duration) -> Interval {
    let mut ticks = tokio::time::interval_at(since + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Waits for an instant, or for ever.
pub(super) async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => pending().await,
    }
}

/// Waits for a hint, or for ever.
pub(super) async fn changed(hints: Option<&mut watch::Receiver<u64>>) {
    if let Some(hints) = hints
        && hints.changed().await.is_ok()
    {
        return;
    }
    pending::<()>().await;
}
