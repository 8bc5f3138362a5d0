//! The proof of the books, for operators.

use async_graphql::{Context, Object, SimpleObject};

use super::access::enter;
use super::context::services;
use super::error::{Answer, maybe};
use super::scalars::{DateTime, Money};
use crate::Error;
use crate::ledger::check;

/// What a proof of the books found, as of one instant.
#[derive(SimpleObject, Clone, Debug)]
pub struct LedgerCheck {
    /// Whether the books are right.
    ok: bool,
    /// How many transactions there are.
    transactions: i32,
    /// How many entries there are.
    entries: i32,
    /// One line per account class, as an accountant's trial balance; the amounts sum to zero.
    trial_balance: Vec<TrialBalanceLine>,
    /// What is wrong; at most 100, and then one that says how many more there are. Empty if `ok`.
    violations: Vec<LedgerViolation>,
    /// How many transactions are older than the hash chain over the books, and in no link of it.
    unlinked: i32,
    /// Where the hash chain ended: noted elsewhere, `agent-program verify --since` later proves that no transaction up to
    /// here was changed since.
    checkpoint: String,
    /// When it was looked at.
    checked_at: DateTime,
}

/// The sum of all entries of an account class.
#[derive(SimpleObject, Clone, Debug)]
pub struct TrialBalanceLine {
    /// Such as `customer:cash` or `revenue:calls`.
    account: String,
    /// What owners have and the house earned is positive; what was paid in, and what the house spent, is negative.
    balance: Money,
}

/// Something that must always be true, and is not.
#[derive(SimpleObject, Clone, Debug)]
pub struct LedgerViolation {
    /// Such as `TRANSACTION_UNBALANCED`, `BALANCE_DIFFERS`, `CARRY_DIFFERS`, `COMMISSION_MISSING`, `CHAIN_BROKEN`.
    rule: String,
    /// Where: names the rows by their ids, with the figures that differ.
    detail: String,
}

impl From<check::Check> for LedgerCheck {
    fn from(check: check::Check) -> Self {
        let count = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
        let lines = check.trial_balance.iter();
        let lines = lines.map(|(account, figure)| TrialBalanceLine {
            account: account.name(),
            balance: figure.money().into(),
        });
        Self {
            ok: check.ok(),
            transactions: count(check.transactions),
            entries: count(check.entries),
            trial_balance: lines.collect(),
            unlinked: count(check.unlinked),
            checkpoint: check.checkpoint.to_string(),
            checked_at: check.checked_at.into(),
            violations: check
                .violations
                .into_iter()
                .map(|violation| LedgerViolation {
                    rule: violation.rule.into(),
                    detail: violation.detail,
                })
                .collect(),
        }
    }
}

/// Its share of the queries.
#[derive(Default)]
pub struct LedgerCheckQuery;

#[Object]
impl LedgerCheckQuery {
    /// Proves the books from their entries, now. Operators only; one at a time, `OVERLOADED` while another runs.
    ///
    /// Example: `{ ledgerCheck { ok transactions trialBalance { account balance } violations { rule detail } } }`
    async fn ledger_check(&self, ctx: &Context<'_>) -> Answer<LedgerCheck> {
        maybe(async {
            enter(ctx)?;
            let services = services(ctx).clone();
            let turn = services.checking.clone();
            let turn = turn.try_acquire_owned().map_err(|_| Error::Overloaded)?;
            // A task of its own: the turn lasts as long as the check does, however soon the client goes away.
            let checking = tokio::spawn(async move {
                let now = services.clock.now();
                let found = check::check(&services.db, &services.terms, now, |_| {}).await;
                drop(turn);
                found
            });
            let found = checking
                .await
                .map_err(|ended| Error::Fault(ended.to_string()))?;
            Ok(Some(found?.into()))
        })
        .await
    }
}
