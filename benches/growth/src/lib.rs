//! Fills an empty database with the history of a program: people, calls, commissions, transfers and payouts, as if the
//! server had run for a year.
//!
//! Every figure is decided by the product's own rules, on books in memory, and linked into the product's own hash chain;
//! only the writing is another one: COPY into all tables at once on `PostgreSQL`, large transactions that do not wait for
//! the disk on SQLite. `agent-program verify` accepts the outcome.

mod dice;
mod history;
mod later;
mod people;
mod rows;
mod sample;
mod sink;
mod world;

use std::sync::Arc;

use agent_program::program::Terms;
use agent_program::store::Db;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use tokio::sync::mpsc;

pub use people::{PASSWORD, agent_email};
pub use sample::Sample;

use rows::Rows;
use sink::Sink;
use world::World;

/// How large a history, and when.
#[derive(Clone, Debug)]
pub struct Plan {
    pub charges: u64,
    pub agents: usize,
    pub customers: usize,
    /// Over how many days the charges come.
    pub days: i64,
    /// When the last of them came.
    pub until: DateTime<Utc>,
    /// The same seed makes the same history.
    pub seed: u64,
}

impl Plan {
    /// A year of a program of plausible size: about forty charges a customer at first, and more once it has grown.
    #[must_use]
    pub fn of(charges: u64, until: DateTime<Utc>) -> Self {
        let customers = usize::try_from(charges / 40).unwrap_or(usize::MAX);
        let customers = customers.clamp(100, 50_000);
        Self {
            charges,
            agents: (customers / 50).clamp(10, 1_000),
            customers,
            days: 365,
            until,
            seed: 1,
        }
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// So many charges are written.
    Charges(u64),
    /// The indexes are built again.
    Indexes,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    pub charges: u64,
    pub transactions: u64,
    pub entries: u64,
    /// Of all tables.
    pub rows: u64,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the database: {0}")]
    Database(#[from] DbErr),
    #[error("the database: {0}")]
    Copy(#[from] sqlx::Error),
    #[error("a row cannot be written: {0}")]
    Row(#[from] csv::Error),
    #[error("a link of the hash chain cannot be written: {0}")]
    Link(#[from] serde_json::Error),
    #[error("{0}")]
    Story(String),
}

/// Fills the database, which must have no agents and no customers yet; brings it to this program's schema first.
///
/// # Errors
/// The database's; and where it is not empty.
pub async fn fill(
    url: &str,
    plan: &Plan,
    mut progress: impl FnMut(Stage) + Send,
) -> Result<Filled, Fault> {
    let db = Db::connect(url, "growth").await?;
    db.migrate_up().await?;
    let head = world::beginning(&db).await?;
    db.close().await?;
    let mut sink = Sink::open(url).await?;
    let (sender, mut receiver) = mpsc::channel::<Rows>(16);
    let (plan, terms) = (plan.clone(), Arc::new(Terms::default()));
    let telling = std::thread::spawn(move || {
        let mut world = World::new(&plan, terms, head);
        history::tell(&mut world, &plan, |rows| sender.blocking_send(rows).is_ok())
    });
    let mut filled = Filled::default();
    while let Some(rows) = receiver.recv().await {
        rows.count(&mut filled);
        rows.write(&mut sink).await?;
        progress(Stage::Charges(filled.charges));
    }
    let told = telling.join();
    told.map_err(|_| Fault::Story("the history ended in a panic".into()))??;
    progress(Stage::Indexes);
    sink.finish().await?;
    Ok(filled)
}

/// A time before another, in days.
fn days_before(instant: DateTime<Utc>, days: i64) -> DateTime<Utc> {
    instant - TimeDelta::days(days)
}
