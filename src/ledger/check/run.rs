//! A check of the whole books, as of one instant.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::entry::Account;
use sea_orm::{
    ActiveEnum, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, Iterable, PaginatorTrait,
    Statement,
};

use super::chain::Walk;
use super::findings::{Check, Figure, Findings};
use super::proof::Proof;
use super::{
    accounts, affiliations, answers, chargebacks, charges, commissions, entries, events, fraud,
    movements, roll_ups, standing,
};
use crate::program::Terms;
use crate::store::Db;

/// How far a check is: it is about to look at `what`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub what: &'static str,
    /// From 1.
    pub step: usize,
    pub of: usize,
    /// How many links of the hash chain are walked, and how many there are. On that step only, from time to time.
    pub links: Option<(i64, i64)>,
}

/// Proves the books from their rows, all of them as of one instant, whatever is written meanwhile.
///
/// Holds no more than a few thousand rows at a time, and changes nothing.
///
/// # Errors
/// The database's. What is wrong with the books is no error but a [`super::Violation`].
pub async fn check(
    db: &Db,
    terms: &Terms,
    now: DateTime<Utc>,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Check, DbErr> {
    let snapshot = db.begin_long_read().await?;
    let backend = db.backend();
    let steps: [(&'static str, Vec<Proof>); 10] = [
        ("transactions and their entries", entries::proofs()),
        ("what owners have", accounts::proofs()),
        ("commissions", commissions::proofs()),
        ("charges and what they earned", charges::proofs()),
        (
            "top-ups, transfers and payouts",
            [movements::proofs(), chargebacks::proofs()]
                .into_iter()
                .flatten()
                .collect(),
        ),
        ("events", events::proofs()),
        ("reports' sums", roll_ups::proofs(backend)),
        ("affiliations", affiliations::proofs()),
        ("fraud cases", fraud::proofs()),
        ("what operators decided about agents", standing::proofs()),
    ];
    let of = steps.len() + 3;
    let mut step = 0;
    let mut begin = |what| {
        step += 1;
        let links = None;
        progress(Progress {
            what,
            step,
            of,
            links,
        });
    };

    let mut findings = Findings::default();
    begin("the trial balance");
    let (trial_balance, entries) = trial_balance(&snapshot, &mut findings).await?;
    let transactions = entity::transaction::Entity::find().count(&snapshot).await?;
    for (what, proofs) in steps {
        begin(what);
        for proof in proofs {
            proof.run(&snapshot, &mut findings).await?;
        }
    }
    affiliations::circles(&snapshot, &mut findings).await?;
    begin("answers");
    answers::readable(&snapshot, &mut findings).await?;
    begin("the hash chain");
    let walk = Walk::new(&snapshot, None).await?;
    let mut tell = |links| {
        progress(Progress {
            what: "the hash chain",
            step: of,
            of,
            links: Some(links),
        });
    };
    let walked = walk.run(&mut findings, &mut tell).await?;
    snapshot.rollback().await?;

    Ok(Check {
        transactions: i64::try_from(transactions).unwrap_or(i64::MAX),
        entries,
        trial_balance,
        unlinked: walked.older,
        checkpoint: walked.checkpoint,
        violations: findings.finish(),
        currency_code: terms.currency_code.clone(),
        checked_at: now,
    })
}

/// The sum of every account class, and how many entries there are. The sums sum to zero (rule 1).
async fn trial_balance(
    snapshot: &DatabaseTransaction,
    findings: &mut Findings,
) -> Result<(Vec<(Account, Figure)>, i64), DbErr> {
    // In two parts, since the sum may be beyond what the database can add up.
    const PART: i128 = 1_000_000_000;
    let sql =
        "SELECT account, COUNT(*) AS entries, CAST(SUM(amount / 1000000000) AS BIGINT) AS high,
               CAST(SUM(amount % 1000000000) AS BIGINT) AS low FROM entry GROUP BY account";
    let statement = Statement::from_string(snapshot.get_database_backend(), sql);
    let mut sums = BTreeMap::new();
    let mut entries = 0;
    for row in snapshot.query_all_raw(statement).await? {
        let account = Account::try_from_value(&row.try_get("", "account")?)?;
        let (high, low): (i64, i64) = (row.try_get("", "high")?, row.try_get("", "low")?);
        sums.insert(account, i128::from(high) * PART + i128::from(low));
        let count: i64 = row.try_get("", "entries")?;
        entries += count;
    }
    let of = |account: Account| Figure(sums.get(&account).copied().unwrap_or_default());
    let balance: Vec<_> = Account::iter()
        .map(|account| (account, of(account)))
        .collect();
    let total = Figure(sums.values().sum());
    if total != Figure::default() {
        findings.add(
            "TRIAL_BALANCE_UNBALANCED",
            format!("all accounts sum to {total}"),
        );
    }
    Ok((balance, entries))
}
