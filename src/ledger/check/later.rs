//! Some transactions with their rows, and what they must be where nothing before them is looked at again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{TransactionId, TypedId, commission, entry, transaction};
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::findings::{Figure, Findings};
use super::proof::Proof;
use crate::ledger::chain::{Seal, seals};
use crate::store::bulk;

/// The rows of some transactions.
pub(super) struct Rows {
    pub transactions: Vec<transaction::Model>,
    pub entries: Vec<entry::Model>,
    pub commissions: Vec<commission::Model>,
}

impl Rows {
    pub(super) async fn of(
        conn: &impl ConnectionTrait,
        ids: &[TransactionId],
    ) -> Result<Self, DbErr> {
        let transactions =
            bulk::find_all::<transaction::Entity, _>(conn, transaction::Column::Id, ids);
        let entries = bulk::find_all::<entry::Entity, _>(conn, entry::Column::TransactionId, ids);
        let column = commission::Column::TransactionId;
        let commissions = bulk::find_all::<commission::Entity, _>(conn, column, ids);
        Ok(Self {
            transactions: transactions.await?,
            entries: entries.await?,
            commissions: commissions.await?,
        })
    }

    /// The hash of each.
    pub(super) fn sealed(&self) -> HashMap<TransactionId, Seal> {
        let seals = seals(&self.transactions, &self.entries, &self.commissions);
        let ids = self.transactions.iter().map(|row| row.id);
        ids.zip(seals).collect()
    }
}

/// What these transactions, which came later, must be.
pub(super) async fn prove(
    snapshot: &impl ConnectionTrait,
    rows: &Rows,
    ids: &[TransactionId],
    findings: &mut Findings,
) -> Result<(), DbErr> {
    balanced(rows, findings);
    let ids: BTreeSet<_> = ids.iter().map(|id| id.uuid()).collect();
    let ids = serde_json::to_string(&ids).map_err(|error| DbErr::Json(error.to_string()))?;
    // Only hexadecimal digits and hyphens: it is a text of SQL as it is.
    let among = match snapshot.get_database_backend() {
        DbBackend::Sqlite => format!("SELECT unhex(value, '-') FROM json_each('{ids}')"),
        _ => format!("SELECT CAST(value AS uuid) FROM json_array_elements_text('{ids}'::json)"),
    };
    for proof in [follow(&among), balances(&among)] {
        proof.run(snapshot, findings).await?;
    }
    Ok(())
}

/// Every transaction has entries, and they sum to zero (rule 1).
fn balanced(rows: &Rows, findings: &mut Findings) {
    let mut sums: BTreeMap<TransactionId, i128> = BTreeMap::new();
    for row in &rows.entries {
        *sums.entry(row.transaction_id).or_default() += i128::from(row.amount.units());
    }
    for row in &rows.transactions {
        match sums.get(&row.id) {
            None => findings.add("TRANSACTION_EMPTY", format!("{} has no entries", row.id)),
            Some(0) => {}
            Some(sum) => {
                let detail = format!("{} sums to {}", row.id, Figure(*sum));
                findings.add("TRANSACTION_UNBALANCED", detail);
            }
        }
    }
}

/// Each entry of theirs follows the version and the balance before it (rule 2).
fn follow(among: &str) -> Proof {
    Proof {
        rules: &["VERSION_GAP", "BALANCE_AFTER_DIFFERS"],
        sql: format!(
            "SELECT e.transaction_id, e.owner_id, e.account, e.version, CAST(e.balance_after AS TEXT) AS balance,
               CAST(COALESCE(p.balance_after, 0) + e.amount AS TEXT) AS expected,
               CASE WHEN e.version > 1 AND p.version IS NULL THEN 'VERSION_GAP' ELSE 'BALANCE_AFTER_DIFFERS' END AS rule
             FROM entry e LEFT JOIN entry p
               ON p.owner_id = e.owner_id AND p.account = e.account AND p.version = e.version - 1
             WHERE e.owner_id IS NOT NULL AND e.transaction_id IN ({among})
               AND ((e.version > 1 AND p.version IS NULL)
                 OR e.balance_after <> COALESCE(p.balance_after, 0) + e.amount)"
        )
        .into(),
        tell: |row| {
            let (account, version) = (row.account()?, row.number("version")?);
            let transaction = row.id::<TransactionId>("transaction_id")?;
            if row.text("rule")? == "VERSION_GAP" {
                return Ok(format!("{account}: none comes before version {version}, in {transaction}"));
            }
            let (balance, expected) = (row.money("balance")?, row.money("expected")?);
            Ok(format!(
                "{account}: version {version}, in {transaction}, leaves {balance} and should leave {expected}"
            ))
        },
    }
}

/// The balance rows of their owners are what the newest entries left (rule 2).
fn balances(among: &str) -> Proof {
    Proof {
        rules: &["BALANCE_DIFFERS"],
        sql: format!(
            "WITH touched (owner_id, account) AS (
               SELECT DISTINCT owner_id, account FROM entry
               WHERE owner_id IS NOT NULL AND transaction_id IN ({among})),
             newest (owner_id, account, version) AS (
               SELECT t.owner_id, t.account,
                 (SELECT MAX(e.version) FROM entry e WHERE e.owner_id = t.owner_id AND e.account = t.account)
               FROM touched t),
             balance (owner_id, account, newest, version, amount) AS (
               SELECT n.owner_id, n.account, n.version,
                 CASE n.account WHEN 'customer:cash' THEN c.cash_version WHEN 'customer:promo' THEN c.promo_version
                   WHEN 'agent:commission' THEN a.commission_version WHEN 'agent:held' THEN a.held_version
                   ELSE a.reserved_version END,
                 CASE n.account WHEN 'customer:cash' THEN c.cash WHEN 'customer:promo' THEN c.promo
                   WHEN 'agent:commission' THEN a.commission WHEN 'agent:held' THEN a.held ELSE a.reserved END
               FROM newest n LEFT JOIN customer_balance c ON c.customer_id = n.owner_id
                 LEFT JOIN agent_balance a ON a.agent_id = n.owner_id)
             SELECT b.owner_id, b.account, b.newest, COALESCE(b.version, 0) AS version,
               CAST(COALESCE(b.amount, 0) AS TEXT) AS balance, CAST(e.balance_after AS TEXT) AS expected
             FROM balance b JOIN entry e ON e.owner_id = b.owner_id AND e.account = b.account AND e.version = b.newest
             WHERE b.version IS NULL OR b.version <> b.newest OR b.amount <> e.balance_after"
        )
        .into(),
        tell: |row| {
            Ok(format!(
                "{}: {} at version {}, and its newest entry, {}, left {}",
                row.account()?,
                row.money("balance")?,
                row.number("version")?,
                row.number("newest")?,
                row.money("expected")?
            ))
        },
    }
}
