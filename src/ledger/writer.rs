//! Group commit: whatever arrived while the last commit ran is decided and committed together.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use entity::{IdempotencyKey, idempotency};
use sea_orm::{DatabaseTransaction, DbErr, RuntimeErr};
use sqlx::error::DatabaseError;
use tokio::sync::mpsc;
use uuid::{ContextV7, Uuid};

use super::chain;
use super::job::{Answer, Identity, Job, Kept, Work};
use super::load::{self, Loaded, Owners};
use super::save;
use crate::program::{Books, Command, Needs, Terms};
use crate::store::audit::Act;
use crate::store::{Db, bulk};
use crate::{Clock, Error};

/// How the writer works.
#[derive(Clone, Copy, Debug)]
pub struct LedgerOptions {
    /// How many commands share a commit at most. 1: a transaction for each.
    pub max_batch: usize,
    /// How many commands wait at most; one more is told that the server is busy.
    pub queue: usize,
}

impl Default for LedgerOptions {
    fn default() -> Self {
        Self {
            max_batch: 256,
            queue: 4_096,
        }
    }
}

/// Where commands are handed in. Cheap to clone; the writer ends when the last handle is gone and the queue is empty.
#[derive(Clone, Debug)]
pub struct Ledger {
    queue: mpsc::Sender<Box<dyn Job>>,
}

impl Ledger {
    /// Starts the writer as a task of its own.
    #[must_use]
    pub fn start(db: Db, terms: Arc<Terms>, clock: Clock, options: LedgerOptions) -> Self {
        let (queue, jobs) = mpsc::channel(options.queue.max(1));
        let writer = Writer {
            db,
            terms,
            clock,
            context: Arc::new(Mutex::new(ContextV7::new())),
        };
        tokio::spawn(writer.run(jobs, options.max_batch.max(1)));
        Self { queue }
    }

    /// Decides a command once for this actor and key, at whatever time and however many ask at once.
    ///
    /// It is carried out even when the caller goes away meanwhile.
    ///
    /// # Errors
    /// [`Error::Overloaded`] at once when the queue is full; a fault when nothing could be committed. A refusal is no
    /// error but an answer.
    pub async fn submit<C: Command>(
        &self,
        actor: Uuid,
        key: IdempotencyKey,
        command: C,
    ) -> Result<Answer<C::Outcome>, Error> {
        self.noting(None).submit(actor, key, command).await
    }

    /// Decides a command that needs no key: one that can be repeated without harm.
    ///
    /// # Errors
    /// As [`Ledger::submit`], and [`Error::Refused`].
    pub async fn run<C: Command>(&self, command: C) -> Result<C::Outcome, Error> {
        self.noting(None).run(command).await
    }

    /// The same, for somebody whose acts are noted in the audit log: in the transaction of what was decided, once for each
    /// that was carried out, and never for one that was refused or answered again.
    #[must_use]
    pub fn noting(&self, act: Option<Act>) -> Noting {
        let ledger = self.clone();
        Noting { ledger, act }
    }

    async fn hand_in<C: Command>(
        &self,
        command: C,
        identity: Option<Identity>,
        act: Option<Act>,
    ) -> Result<Answer<C::Outcome>, Error> {
        let (work, waiting) = Work::new(command, identity, act);
        self.queue
            .try_send(Box::new(work))
            .map_err(|why| match why {
                mpsc::error::TrySendError::Full(_) => Error::Overloaded,
                mpsc::error::TrySendError::Closed(_) => Error::Fault("the writer has ended".into()),
            })?;
        metrics::gauge!("ledger_queue_length").set(waiting_now(&self.queue));
        waiting
            .await
            .map_err(|_| Error::Fault("the writer has ended".into()))?
    }
}

/// Where somebody's commands are handed in.
#[derive(Clone, Debug)]
pub struct Noting {
    ledger: Ledger,
    act: Option<Act>,
}

impl Noting {
    /// As [`Ledger::submit`].
    ///
    /// # Errors
    /// As there.
    pub async fn submit<C: Command>(
        self,
        actor: Uuid,
        key: IdempotencyKey,
        command: C,
    ) -> Result<Answer<C::Outcome>, Error> {
        let identity = Identity::new(actor, key, &command)?;
        self.ledger.hand_in(command, Some(identity), self.act).await
    }

    /// As [`Ledger::run`].
    ///
    /// # Errors
    /// As there.
    pub async fn run<C: Command>(self, command: C) -> Result<C::Outcome, Error> {
        Ok(self
            .ledger
            .hand_in(command, None, self.act)
            .await?
            .outcome?)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a queue is far shorter than 2^52"
)]
fn waiting_now(queue: &mpsc::Sender<Box<dyn Job>>) -> f64 {
    (queue.max_capacity() - queue.capacity()) as f64
}

/// How often a batch runs again after a failure that passes by itself.
const ATTEMPTS: u32 = 8;

/// How many rows of requests a batch takes on before it closes: what comes then waits for one commit, not for many rows.
const ROWS: usize = 128;

/// Those who were just answered, and those who wait already: most clients come again at once. A batch that begins before
/// they have makes two of them out of one, in turn for ever, each with the cost of a whole one.
struct Crowd {
    size: usize,
    until: Instant,
}

impl Crowd {
    /// After a commit. It is waited for no longer than a quarter of the time that this one took.
    fn after(size: usize, took: Duration) -> Self {
        let patience = (took / 4).min(Duration::from_millis(5));
        Self {
            size,
            until: Instant::now() + patience,
        }
    }

    /// The next that is there, or that comes while not all are.
    async fn next(
        &self,
        there: usize,
        jobs: &mut mpsc::Receiver<Box<dyn Job>>,
    ) -> Option<Box<dyn Job>> {
        if let Ok(job) = jobs.try_recv() {
            return Some(job);
        }
        if there >= self.size {
            return None;
        }
        let next = tokio::time::timeout_at(self.until.into(), jobs.recv()).await;
        next.ok().flatten()
    }
}

struct Writer {
    db: Db,
    terms: Arc<Terms>,
    clock: Clock,
    context: Arc<Mutex<ContextV7>>,
}

impl Writer {
    async fn run(self, mut jobs: mpsc::Receiver<Box<dyn Job>>, max_batch: usize) {
        let mut held_back = None;
        // Alone, nobody is waited for.
        let mut crowd = Crowd {
            size: 1,
            until: Instant::now(),
        };
        while let Some(first) = next(&mut held_back, &mut jobs).await {
            let mut rows = first.weight();
            let open = !first.alone();
            let mut batch = vec![first];
            while open && batch.len() < max_batch && rows < ROWS {
                let Some(next) = crowd.next(batch.len(), &mut jobs).await else {
                    break;
                };
                if next.alone() {
                    held_back = Some(next);
                    break;
                }
                rows += next.weight();
                batch.push(next);
            }
            let (answered, begun) = (batch.len(), Instant::now());
            self.commit(batch).await;
            crowd = Crowd::after(answered + jobs.len(), begun.elapsed());
        }
    }

    /// Commits a batch; one that fails for good is halved until the job at fault fails alone.
    async fn commit(&self, batch: Vec<Box<dyn Job>>) {
        let mut parts = vec![batch];
        while let Some(mut part) = parts.pop() {
            match self.commit_with_retries(&mut part).await {
                Ok(()) => part.into_iter().for_each(Job::reply),
                // A database that is away is nobody's fault: to halve would only try it more often.
                Err(error) if part.len() == 1 || is_away(&error) => {
                    tracing::error!(%error, jobs = part.len(), "nothing could be committed");
                    for job in part {
                        job.fail(copy(&error));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, jobs = part.len(), "a batch failed and is halved");
                    let second = part.split_off(part.len() / 2);
                    parts.push(second);
                    parts.push(part);
                }
            }
        }
    }

    async fn commit_with_retries(&self, batch: &mut [Box<dyn Job>]) -> Result<(), Error> {
        let started = Instant::now();
        let mut attempt = 0;
        loop {
            match self.attempt(batch).await {
                Err(Error::Database(error)) if attempt < attempts(&error) => {
                    attempt += 1;
                    tracing::warn!(%error, attempt, "a batch runs again");
                    tokio::time::sleep(Duration::from_millis(5 << attempt)).await;
                }
                done => {
                    metrics::histogram!("ledger_commit_seconds").record(started.elapsed());
                    #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
                    metrics::histogram!("ledger_batch_size").record(batch.len() as f64);
                    return done;
                }
            }
        }
    }

    async fn attempt(&self, batch: &mut [Box<dyn Job>]) -> Result<(), Error> {
        let mut needs = Needs::default();
        let mut keys = Vec::new();
        for job in batch.iter() {
            job.needs(&mut needs);
            keys.extend(job.identity().map(|identity| identity.key.clone()));
        }
        let mut owners = Owners::default();
        loop {
            let txn = self.db.begin_write().await?;
            let mut known = known_answers(&txn, &keys).await?;
            match load::load(&txn, &needs, owners, &self.terms, &self.clock, self.ids()).await? {
                Loaded::Books(mut books) => {
                    let kept = decide_all(batch, &mut books, &mut known)?;
                    let news = save::save(&txn, &books, &kept).await?;
                    chain::append(&txn, &books).await?;
                    return Ok(self.db.commit(txn, news).await?);
                }
                // An agent or customer came meanwhile that has to be locked before some that are locked already.
                Loaded::Again(more) => owners = more,
            }
        }
    }

    fn ids(&self) -> impl Fn(chrono::DateTime<chrono::Utc>) -> crate::program::IdSource + use<> {
        let context = Arc::clone(&self.context);
        move |now| {
            let context = Arc::clone(&context);
            let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
            let nanos = now.timestamp_subsec_nanos();
            Box::new(move || {
                let context = context
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                Uuid::new_v7(uuid::Timestamp::from_unix(&*context, seconds, nanos))
            })
        }
    }
}

/// The job that was held back, or the next that arrives.
async fn next(
    held_back: &mut Option<Box<dyn Job>>,
    jobs: &mut mpsc::Receiver<Box<dyn Job>>,
) -> Option<Box<dyn Job>> {
    match held_back.take() {
        Some(job) => Some(job),
        None => jobs.recv().await,
    }
}

type Known = HashMap<(Uuid, IdempotencyKey), Kept>;

/// What was answered before to the keys of a batch.
async fn known_answers(txn: &DatabaseTransaction, keys: &[IdempotencyKey]) -> Result<Known, DbErr> {
    if keys.is_empty() {
        return Ok(Known::new());
    }
    let rows =
        bulk::find_all::<idempotency::Entity, _>(txn, idempotency::Column::Key, keys).await?;
    let kept = rows.into_iter().map(|row| {
        let kept = Kept {
            fingerprint: row.fingerprint,
            answer: row.answer,
        };
        ((row.actor_id, row.key), kept)
    });
    Ok(kept.collect())
}

/// Decides the jobs in the order of arrival: a known key gives its first answer, also one known since a moment ago.
fn decide_all(
    batch: &mut [Box<dyn Job>],
    books: &mut Books,
    known: &mut Known,
) -> Result<Vec<idempotency::Model>, Error> {
    let mut rows = Vec::new();
    for job in batch {
        let identity = job.identity().cloned();
        if let Some(identity) = &identity
            && let Some(kept) = known.get(&(identity.actor, identity.key.clone()))
        {
            job.recall(kept)?;
            continue;
        }
        // A broken invariant takes down its own command, not the writer: the batch is halved to find it.
        let decided = catch_unwind(AssertUnwindSafe(|| job.decide(books)));
        let decided = decided.map_err(|_| Error::Fault("a rule panicked".into()))?;
        if let (Some(identity), Some(kept)) = (identity, decided?) {
            rows.push(idempotency::Model {
                actor_id: identity.actor,
                key: identity.key.clone(),
                fingerprint: kept.fingerprint.clone(),
                answer: kept.answer.clone(),
                created_at: books.now,
            });
            known.insert((identity.actor, identity.key), kept);
        }
    }
    Ok(rows)
}

/// How often the same may be tried again: a deadlock, a lost race, a connection that broke pass by themselves.
///
/// After a commit whose answer was lost the repetition finds its keys and external ids, and changes nothing.
fn attempts(error: &DbErr) -> u32 {
    let Some(cause) = cause(error) else {
        return if is_connection(error) { ATTEMPTS } else { 0 };
    };
    let Some(code) = cause.as_database_error().and_then(DatabaseError::code) else {
        return if is_connection(error) { ATTEMPTS } else { 0 };
    };
    match code.as_ref() {
        // PostgreSQL: serialization failure, deadlock, shutting down, starting; SQLite: busy, busy snapshot.
        "40001" | "40P01" | "57P01" | "57P02" | "57P03" | "5" | "517" => ATTEMPTS,
        // A key that another process just took: it is found the next time, or stands for good.
        "23505" => 2,
        _ => 0,
    }
}

fn cause(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => Some(cause),
        _ => None,
    }
}

fn is_connection(error: &DbErr) -> bool {
    use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
    match cause(error) {
        Some(cause) => matches!(
            cause,
            Io(_) | Protocol(_) | PoolTimedOut | PoolClosed | WorkerCrashed | Tls(_)
        ),
        None => matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)),
    }
}

/// Whether the database could not be reached.
fn is_away(error: &Error) -> bool {
    matches!(error, Error::Database(error) if is_connection(error))
}

/// The same error for another waiting caller.
fn copy(error: &Error) -> Error {
    match error {
        Error::Overloaded => Error::Overloaded,
        Error::Refused(refusal) => Error::Refused(refusal.clone()),
        other => Error::Fault(other.to_string()),
    }
}
