//! The hash chain: every commit that posts appends a link, so that what was posted cannot be changed unseen.
//!
//! A link's hash is SHA-256 over the link before it and over the rows of its transactions: each with its entries and
//! commissions, all their columns. Whoever changes, adds or takes away a row of the past has to make every later link
//! anew, and the heads with them: a checkpoint that was noted elsewhere then tells.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::Instant;

use chrono::{DateTime, Utc};
use entity::{TransactionId, TypedId, chain, chain_link, commission, entry, transaction};
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::program::{Added, Books};

/// The form of the bytes that are hashed. Another form is another number.
const FORM: u8 = 1;

/// How many digits of a transaction's own hash a link keeps.
pub(super) const MARK: usize = 16;

/// A transaction's own hash.
pub(super) type Seal = [u8; 32];

/// Appends the link of what a batch posted, once all its rows are written. Posts nothing, appends nothing.
///
/// It takes the first shard whose head no other process holds, so that none waits for another: heads come last in the
/// lock order.
pub(super) async fn append(txn: &DatabaseTransaction, books: &Books) -> Result<(), DbErr> {
    let added = &books.added;
    if added.transactions.is_empty() {
        return Ok(());
    }
    let begun = Instant::now();
    let head = head(txn).await?;
    let link =
        next_link(&head, added, books.now).map_err(|error| DbErr::Json(error.to_string()))?;
    let moved = chain::ActiveModel {
        shard: Set(link.shard),
        seq: Set(link.seq),
        hash: Set(link.hash.clone()),
    };
    chain_link::Entity::insert(link.into_active_model())
        .exec_without_returning(txn)
        .await?;
    moved.update_without_returning(txn).await?;
    metrics::histogram!("ledger_chain_seconds").record(begun.elapsed());
    Ok(())
}

/// The link of what was posted, after this head.
///
/// # Errors
/// Where the ids cannot be written as JSON, which ids always can.
pub fn next_link(
    head: &chain::Model,
    added: &Added,
    now: DateTime<Utc>,
) -> Result<chain_link::Model, serde_json::Error> {
    let seals = seals(&added.transactions, &added.entries, &added.commissions);
    let seq = head.seq + 1;
    let ids: Vec<TransactionId> = added.transactions.iter().map(|row| row.id).collect();
    Ok(chain_link::Model {
        shard: head.shard,
        seq,
        previous: head.hash.clone(),
        hash: link_hash(&head.hash, head.shard, seq, &seals),
        transactions: i32::try_from(ids.len()).unwrap_or(i32::MAX),
        ids: serde_json::to_string(&ids)?,
        marks: seals.iter().map(mark).collect(),
        created_at: now,
    })
}

/// A head, locked: the first that is free, or the first one once it is.
async fn head(txn: &DatabaseTransaction) -> Result<chain::Model, DbErr> {
    let free = chain::Entity::find()
        .order_by_asc(chain::Column::Shard)
        .limit(1)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(txn)
        .await?;
    if let Some(free) = free {
        return Ok(free);
    }
    chain::Entity::find()
        .filter(chain::Column::Shard.eq(0))
        .lock_exclusive()
        .one(txn)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("the head of shard 0".into()))
}

/// The hash of each transaction with its entries and commissions, whatever the order of these.
pub(super) fn seals(
    transactions: &[transaction::Model],
    entries: &[entry::Model],
    commissions: &[commission::Model],
) -> Vec<Seal> {
    let mut entries_of: HashMap<TransactionId, Vec<&entry::Model>> = HashMap::new();
    for row in entries {
        entries_of.entry(row.transaction_id).or_default().push(row);
    }
    let mut commissions_of: HashMap<TransactionId, Vec<&commission::Model>> = HashMap::new();
    for row in commissions {
        let of = commissions_of.entry(row.transaction_id);
        of.or_default().push(row);
    }
    let seal = |row: &transaction::Model| {
        let mut entries = entries_of.remove(&row.id).unwrap_or_default();
        let mut commissions = commissions_of.remove(&row.id).unwrap_or_default();
        entries.sort_by_key(|row| row.line);
        commissions.sort_by_key(|row| row.id);
        let mut form = Form::begin();
        form.transaction(row);
        for row in entries {
            form.entry(row);
        }
        for row in commissions {
            form.commission(row);
        }
        form.seal()
    };
    transactions.iter().map(seal).collect()
}

/// What is kept of a transaction's own hash.
pub(super) fn mark(seal: &Seal) -> String {
    hex::encode(&seal[..MARK / 2])
}

/// The hash of a link.
pub(super) fn link_hash(previous: &str, shard: i16, seq: i64, seals: &[Seal]) -> String {
    let mut hash = Sha256::new();
    hash.update([FORM, b'L']);
    hash.update(previous.as_bytes());
    hash.update(shard.to_be_bytes());
    hash.update(seq.to_be_bytes());
    hash.update((seals.len() as u64).to_be_bytes());
    for seal in seals {
        hash.update(seal);
    }
    hex::encode(hash.finalize())
}

/// Rows as bytes that stand for nothing else.
///
/// A row begins with a letter for its table. A column is its number, its length and its value; what is NULL leaves no
/// bytes, so a column that comes later changes no hash of before. Every column has its place below: a row that gets
/// another one does not compile until it has a number here, one that was never used.
struct Form(Sha256);

impl Form {
    fn begin() -> Self {
        let mut hash = Sha256::new();
        hash.update([FORM]);
        Self(hash)
    }

    fn seal(self) -> Seal {
        self.0.finalize().into()
    }

    /// No column has the number 0.
    fn row(&mut self, table: u8) {
        self.0.update([0, table]);
    }

    fn bytes(&mut self, column: u8, value: &[u8]) {
        let mut before = [0; 5];
        before[0] = column;
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        before[1..].copy_from_slice(&length.to_be_bytes());
        self.0.update(before);
        self.0.update(value);
    }

    fn text(&mut self, column: u8, value: &str) {
        self.bytes(column, value.as_bytes());
    }

    fn count(&mut self, column: u8, value: i64) {
        self.bytes(column, &value.to_be_bytes());
    }

    fn id(&mut self, column: u8, value: Uuid) {
        self.bytes(column, value.as_bytes());
    }

    /// In microseconds, which is what both databases keep.
    fn instant(&mut self, column: u8, value: DateTime<Utc>) {
        self.count(column, value.timestamp_micros());
    }

    fn transaction(&mut self, row: &transaction::Model) {
        let transaction::Model {
            id,
            kind,
            description,
            cause,
            cause_id,
            occurred_at,
            created_at,
        } = row;
        self.row(b'T');
        self.id(1, id.uuid());
        self.text(2, &kind.to_value());
        self.text(3, description.as_str());
        self.text(4, &cause.to_value());
        self.id(5, *cause_id);
        self.instant(6, *occurred_at);
        self.instant(7, *created_at);
    }

    fn entry(&mut self, row: &entry::Model) {
        let entry::Model {
            transaction_id,
            line,
            account,
            owner_id,
            version,
            amount,
            balance_after,
        } = row;
        self.row(b'E');
        self.id(1, transaction_id.uuid());
        self.count(2, i64::from(*line));
        self.text(3, &account.name());
        if let Some(owner) = owner_id {
            self.id(4, *owner);
        }
        if let Some(version) = version {
            self.count(5, *version);
        }
        self.count(6, amount.units());
        if let Some(balance) = balance_after {
            self.count(7, balance.units());
        }
    }

    fn commission(&mut self, row: &commission::Model) {
        let commission::Model {
            id,
            agent_id,
            customer_id,
            charge_id,
            kind,
            base,
            commission_rate,
            exact,
            amount,
            carry_before,
            carry_after,
            held,
            reverses_id,
            transaction_id,
            occurred_at,
            created_at,
            matures_at,
            suspension_id,
        } = row;
        self.row(b'C');
        self.id(1, id.uuid());
        self.id(2, agent_id.uuid());
        if let Some(customer) = customer_id {
            self.id(3, customer.uuid());
        }
        if let Some(charge) = charge_id {
            self.id(4, charge.uuid());
        }
        self.text(5, &kind.to_value());
        self.count(6, base.units());
        self.count(7, commission_rate.percent().basis_points());
        self.count(8, exact.units());
        self.count(9, amount.units());
        self.count(10, carry_before.units());
        self.count(11, carry_after.units());
        self.count(12, i64::from(*held));
        if let Some(row) = reverses_id {
            self.id(13, row.uuid());
        }
        self.id(14, transaction_id.uuid());
        self.instant(15, *occurred_at);
        self.instant(16, *created_at);
        self.instant(17, *matures_at);
        if let Some(suspension) = suspension_id {
            self.id(18, suspension.uuid());
        }
    }
}

/// Where the chain ended at some time, to be noted elsewhere: later, `verify --since` proves that it still goes through
/// there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint(Vec<chain::Model>);

/// How a checkpoint begins. Another form is another number.
const CHECKPOINT: &str = "checkpoint-1";

/// A text that is no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no checkpoint: it begins with {CHECKPOINT}/, and is on one line")]
pub struct NoCheckpoint;

impl Checkpoint {
    /// Of these heads. A shard without a link has none, but for the first.
    #[must_use]
    pub fn new(mut heads: Vec<chain::Model>) -> Self {
        heads.retain(|head| head.shard == 0 || head.seq > 0);
        heads.sort_by_key(|head| head.shard);
        Self(heads)
    }

    /// Where this shard ended; `None`: it had no link yet.
    #[must_use]
    pub fn head(&self, shard: i16) -> Option<&chain::Model> {
        self.0.iter().find(|head| head.shard == shard)
    }

    /// Where each shard ended, in order.
    #[must_use]
    pub fn heads(&self) -> &[chain::Model] {
        &self.0
    }

    /// The checkpoint in a text of several lines, such as what `verify` printed.
    ///
    /// # Errors
    /// Where no line is one.
    pub fn find(text: &str) -> Result<Self, NoCheckpoint> {
        let mut lines = text.lines().map(str::trim);
        let line = lines.find(|line| line.starts_with(CHECKPOINT));
        line.ok_or(NoCheckpoint)?.parse()
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(CHECKPOINT)?;
        for head in &self.0 {
            write!(f, "/{}.{}.{}", head.shard, head.seq, head.hash)?;
        }
        Ok(())
    }
}

impl FromStr for Checkpoint {
    type Err = NoCheckpoint;

    fn from_str(text: &str) -> Result<Self, NoCheckpoint> {
        let head = |text: &str| {
            let (shard, rest) = text.split_once('.')?;
            let (seq, hash) = rest.split_once('.')?;
            let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            let is_hash = hash.len() == 64 && hash.bytes().all(hex);
            let shard = shard.parse().ok().filter(|shard| (0..8).contains(shard));
            let seq = seq.parse().ok().filter(|seq| *seq >= 0);
            Some(chain::Model {
                shard: shard?,
                seq: seq?,
                hash: is_hash.then(|| hash.to_owned())?,
            })
        };
        let rest = text.strip_prefix(CHECKPOINT).ok_or(NoCheckpoint)?;
        let rest = rest.strip_prefix('/').ok_or(NoCheckpoint)?;
        let heads: Option<Vec<_>> = rest.split('/').map(head).collect();
        let heads = heads.ok_or(NoCheckpoint)?;
        let ascending = heads.is_sorted_by(|one, next| one.shard < next.shard);
        if ascending && heads.first().is_some_and(|head| head.shard == 0) {
            Ok(Self(heads))
        } else {
            Err(NoCheckpoint)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(shard: i16, seq: i64, digit: &str) -> chain::Model {
        chain::Model {
            shard,
            seq,
            hash: digit.repeat(64),
        }
    }

    #[test]
    fn a_checkpoint_is_one_line_that_reads_as_it_is_written() {
        let noted = Checkpoint::new(vec![head(3, 7, "b"), head(0, 152, "a"), head(1, 0, "0")]);
        let text = noted.to_string();
        assert_eq!(
            text,
            format!(
                "checkpoint-1/0.152.{}/3.7.{}",
                "a".repeat(64),
                "b".repeat(64)
            )
        );
        assert_eq!(text.parse(), Ok(noted.clone()));
        let printed = format!("The books are right.\n  {text}\n");
        assert_eq!(Checkpoint::find(&printed), Ok(noted));
    }

    #[test]
    fn what_is_no_checkpoint_is_told_apart() {
        let hash = "a".repeat(64);
        for text in [
            "",
            "checkpoint-1",
            "checkpoint-1/",
            &format!("checkpoint-2/0.1.{hash}"),
            &format!("checkpoint-1/1.1.{hash}"),
            &format!("checkpoint-1/0.-1.{hash}"),
            &format!("checkpoint-1/0.1.{hash}a"),
            &format!("checkpoint-1/0.1.{}", "A".repeat(64)),
            &format!("checkpoint-1/0.1.{hash}/0.2.{hash}"),
            &format!("checkpoint-1/0.1.{hash}/8.2.{hash}"),
        ] {
            assert_eq!(text.parse::<Checkpoint>(), Err(NoCheckpoint), "{text}");
        }
    }

    #[test]
    fn two_columns_are_never_taken_for_one() {
        let sealed = |columns: &[(u8, &str)]| {
            let mut form = Form::begin();
            for (column, value) in columns {
                form.text(*column, value);
            }
            form.seal()
        };
        assert_ne!(sealed(&[(1, "ab")]), sealed(&[(1, "a"), (1, "b")]));
        assert_ne!(sealed(&[(1, "a"), (2, "b")]), sealed(&[(1, "b"), (2, "a")]));
        assert_ne!(sealed(&[(1, "")]), sealed(&[]));
    }

    #[test]
    fn a_link_depends_on_its_place_and_on_the_link_before_it() {
        let seal = [7; 32];
        let one = link_hash(&"a".repeat(64), 0, 1, &[seal]);
        assert_ne!(one, link_hash(&"b".repeat(64), 0, 1, &[seal]));
        assert_ne!(one, link_hash(&"a".repeat(64), 1, 1, &[seal]));
        assert_ne!(one, link_hash(&"a".repeat(64), 0, 2, &[seal]));
        assert_ne!(one, link_hash(&"a".repeat(64), 0, 1, &[seal, seal]));
        assert_eq!(one, link_hash(&"a".repeat(64), 0, 1, &[seal]));
    }
}
