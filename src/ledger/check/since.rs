//! A check of what came after a checkpoint: what the books need day by day.

use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::DbErr;

use super::chain::Walk;
use super::findings::{Findings, Violation, told};
use super::run::Progress;
use crate::ledger::chain::Checkpoint;
use crate::store::Db;

/// The outcome of a check since a checkpoint.
#[derive(Clone, Debug)]
pub struct Later {
    /// How many links came later, and were walked.
    pub links: i64,
    /// How many transactions these are made of.
    pub transactions: i64,
    pub violations: Vec<Violation>,
    /// Where the chain ends now.
    pub checkpoint: Checkpoint,
    pub checked_at: DateTime<Utc>,
}

impl Later {
    /// Whether nothing was found.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.violations.is_empty()
    }
}

/// Proves that the chain still goes through the checkpoint, walks the links after it, and proves what they posted:
/// that each transaction balances, that its owners' versions and balances follow those before it, and that the balance
/// rows of these owners are what their newest entries left.
///
/// # Errors
/// The database's.
pub async fn check_since(
    db: &Db,
    since: &Checkpoint,
    now: DateTime<Utc>,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Later, DbErr> {
    let snapshot = db.begin_long_read().await?;
    let mut findings = Findings::default();
    let mut tell = |links| {
        progress(Progress {
            what: "the hash chain since the checkpoint",
            step: 1,
            of: 1,
            links,
        });
    };
    tell(None);
    let walk = Walk::new(&snapshot, Some(since)).await?;
    let mut walked = |links| tell(Some(links));
    let walked = walk.run(&mut findings, &mut walked).await?;
    snapshot.rollback().await?;
    Ok(Later {
        links: walked.links,
        transactions: walked.transactions,
        violations: findings.finish(),
        checkpoint: walked.checkpoint,
        checked_at: now,
    })
}

/// A check since a checkpoint for people: what was looked at, what was not, and each violation on a line of its own.
#[must_use]
pub fn report_since(since: &Checkpoint, later: &Later) -> String {
    let at = later.checked_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let links: i64 = since.heads().iter().map(|head| head.seq).sum();
    let mut lines = vec![
        format!(
            "{} transactions in {} links since the checkpoint, as of {at}: that each balances, and that its owners' \
             balances follow",
            later.transactions, later.links
        ),
        format!(
            "Not looked at again: the {links} links up to the checkpoint and their transactions, the trial balance, \
             commissions, charges, top-ups, transfers, payouts, events, reports' sums, affiliations, answers"
        ),
    ];
    lines.extend(told(&later.violations));
    lines.push(later.checkpoint.to_string());
    let verdict = if later.ok() {
        "What came later is right.\n"
    } else {
        "The books are WRONG.\n"
    };
    lines.push(verdict.into());
    lines.join("\n")
}
