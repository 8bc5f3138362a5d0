//! The hash chain: every link follows the one before it, and is made of the rows that are there.

use std::collections::HashMap;

use entity::{TransactionId, TypedId, chain, chain_link, transaction};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};

use super::findings::Findings;
use super::later::{self, Rows};
use crate::ledger::chain::{Checkpoint, MARK, Seal, link_hash, mark};

const RULE: &str = "CHAIN_BROKEN";

/// How many links are read at a time.
const LINKS: u64 = 64;

/// How many transactions are held at a time, but for those of a single link.
const ROWS: usize = 2_000;

/// How often progress is told, in links.
const TOLD: i64 = 1_000;

/// A walk along all shards, or along what came after a checkpoint.
pub(super) struct Walk<'a> {
    snapshot: &'a DatabaseTransaction,
    since: Option<&'a Checkpoint>,
    heads: Vec<chain::Model>,
    /// How many links are walked, and how many there are to walk.
    links: (i64, i64),
    /// Transactions of links that do not exist.
    missing: i64,
    transactions: i64,
}

/// What a walk has seen.
pub(super) struct Walked {
    /// Transactions that are older than the chain.
    pub older: i64,
    pub links: i64,
    /// In the links that were walked.
    pub transactions: i64,
    pub checkpoint: Checkpoint,
}

/// A link with what it says of itself.
struct Link {
    row: chain_link::Model,
    ids: Vec<TransactionId>,
}

impl<'a> Walk<'a> {
    pub(super) async fn new(
        snapshot: &'a DatabaseTransaction,
        since: Option<&'a Checkpoint>,
    ) -> Result<Self, DbErr> {
        let heads = chain::Entity::find()
            .order_by_asc(chain::Column::Shard)
            .all(snapshot)
            .await?;
        let from = |head: &chain::Model| begin(since, head.shard);
        let to_walk = heads.iter().map(|head| (head.seq - from(head)).max(0));
        Ok(Self {
            snapshot,
            since,
            links: (0, to_walk.sum()),
            heads,
            missing: 0,
            transactions: 0,
        })
    }

    /// Walks every shard; `tell` hears of links walked and links there are.
    pub(super) async fn run(
        mut self,
        findings: &mut Findings,
        tell: &mut (dyn FnMut((i64, i64)) + Send),
    ) -> Result<Walked, DbErr> {
        for shard in 0..8 {
            match self.heads.iter().find(|head| head.shard == shard).cloned() {
                Some(head) => self.shard(&head, findings, tell).await?,
                None => findings.add(RULE, format!("the head of shard {shard} is gone")),
            }
        }
        let older = self.in_no_link(findings).await?;
        Ok(Walked {
            older,
            links: self.links.0,
            transactions: self.transactions,
            checkpoint: Checkpoint::new(self.heads),
        })
    }

    async fn shard(
        &mut self,
        head: &chain::Model,
        findings: &mut Findings,
        tell: &mut (dyn FnMut((i64, i64)) + Send),
    ) -> Result<(), DbErr> {
        let shard = head.shard;
        let Some(mut last) = self.first(shard, findings).await? else {
            return Ok(());
        };
        loop {
            let links = self.after(shard, last.0).await?;
            if links.is_empty() {
                break;
            }
            let mut links = links.into_iter().peekable();
            while links.peek().is_some() {
                let mut some = Vec::new();
                let mut rows = 0;
                while let Some(link) =
                    links.next_if(|link: &Link| some.is_empty() || rows + link.ids.len() <= ROWS)
                {
                    rows += link.ids.len();
                    some.push(link);
                }
                let told = self.links.0 / TOLD;
                self.some(&mut last, some, findings).await?;
                if self.links.0 / TOLD > told {
                    tell(self.links);
                }
            }
        }
        if last.0 < head.seq {
            let detail = if last.0 + 1 == head.seq {
                format!("link {} of shard {shard} is gone", head.seq)
            } else {
                format!(
                    "links {} to {} of shard {shard} are gone",
                    last.0 + 1,
                    head.seq
                )
            };
            findings.add(RULE, detail);
        } else if last != (head.seq, head.hash.clone()) {
            let detail = format!(
                "the head of shard {shard} is link {} with {}…, and its newest link is {} with {}…",
                head.seq,
                short(&head.hash),
                last.0,
                short(&last.1)
            );
            findings.add(RULE, detail);
        }
        Ok(())
    }

    /// Number and hash of the link to begin after: link 0, or the checkpoint's, if the chain still goes through there.
    async fn first(
        &self,
        shard: i16,
        findings: &mut Findings,
    ) -> Result<Option<(i64, String)>, DbErr> {
        let seq = begin(self.since, shard);
        let found = chain_link::Entity::find_by_id((shard, seq))
            .one(self.snapshot)
            .await?;
        let noted = self.since.and_then(|since| since.head(shard));
        let detail = match (found, noted) {
            (None, None) => format!("link 0 of shard {shard} is gone"),
            (None, Some(_)) => format!(
                "history was rewritten: the checkpoint's link {seq} of shard {shard} is gone"
            ),
            (Some(link), Some(noted)) if link.hash != noted.hash => format!(
                "history was rewritten: link {seq} of shard {shard} is {}…, and the checkpoint's is {}…",
                short(&link.hash),
                short(&noted.hash)
            ),
            (Some(link), _) if seq == 0 && link.hash != format!("{:064x}", link.transactions) => {
                format!("link 0 of shard {shard} does not count what is older than the chain")
            }
            (Some(link), _) => return Ok(Some((seq, link.hash))),
        };
        findings.add(RULE, detail);
        Ok(None)
    }

    async fn after(&self, shard: i16, seq: i64) -> Result<Vec<Link>, DbErr> {
        let rows = chain_link::Entity::find()
            .filter(chain_link::Column::Shard.eq(shard))
            .filter(chain_link::Column::Seq.gt(seq))
            .order_by_asc(chain_link::Column::Seq)
            .limit(LINKS)
            .all(self.snapshot)
            .await?;
        let link = |row: chain_link::Model| Link {
            // What cannot be read makes no hash either.
            ids: serde_json::from_str(&row.ids).unwrap_or_default(),
            row,
        };
        Ok(rows.into_iter().map(link).collect())
    }

    /// Recomputes some links from the rows of their transactions.
    async fn some(
        &mut self,
        last: &mut (i64, String),
        links: Vec<Link>,
        findings: &mut Findings,
    ) -> Result<(), DbErr> {
        let ids: Vec<TransactionId> = links.iter().flat_map(|link| link.ids.clone()).collect();
        let rows = Rows::of(self.snapshot, &ids).await?;
        let sealed = rows.sealed();
        for link in links {
            self.missing += link.check(last, &sealed, findings);
            self.links.0 += 1;
            self.transactions += i64::try_from(link.ids.len()).unwrap_or(i64::MAX);
            *last = (link.row.seq, link.row.hash);
        }
        if self.since.is_some() {
            later::prove(self.snapshot, &rows, &ids, findings).await?;
        }
        Ok(())
    }

    /// Transactions that no link holds; how many of them are older than the chain.
    async fn in_no_link(&self, findings: &mut Findings) -> Result<i64, DbErr> {
        let sql = "SELECT CAST(COALESCE(SUM(transactions), 0) AS BIGINT) AS linked,
                     CAST(COALESCE(SUM(CASE WHEN seq = 0 THEN transactions ELSE 0 END), 0) AS BIGINT) AS older
                   FROM chain_link";
        let statement = Statement::from_string(self.snapshot.get_database_backend(), sql);
        let row = self.snapshot.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("a sum".into()))?;
        let (linked, older): (i64, i64) = (row.try_get("", "linked")?, row.try_get("", "older")?);
        let there = transaction::Entity::find().count(self.snapshot).await?;
        let there = i64::try_from(there).unwrap_or(i64::MAX);
        let expected = linked - self.missing;
        if there > expected {
            self.name_unlinked(there - expected, findings).await?;
        } else if there < expected && self.since.is_some() {
            let detail = format!(
                "{} transactions of links before the checkpoint are gone: verify without it names them",
                expected - there
            );
            findings.add(RULE, detail);
        } else if there < expected {
            let detail = format!(
                "{} of the transactions that are older than the chain are gone",
                expected - there
            );
            findings.add(RULE, detail);
        }
        Ok(older)
    }

    /// Names the newest ones.
    async fn name_unlinked(&self, count: i64, findings: &mut Findings) -> Result<(), DbErr> {
        let room = i64::try_from(findings.room()).unwrap_or(0).min(count);
        let linked = match self.snapshot.get_database_backend() {
            DbBackend::Sqlite => {
                "SELECT unhex(value, '-') AS id FROM chain_link, json_each(chain_link.ids)"
            }
            _ => {
                "SELECT CAST(json_array_elements_text(CAST(ids AS json)) AS uuid) AS id FROM chain_link"
            }
        };
        let sql = format!(
            r#"SELECT t.id FROM "transaction" t LEFT JOIN ({linked}) AS l ON l.id = t.id
               WHERE l.id IS NULL ORDER BY t.created_at DESC, t.id DESC LIMIT {room}"#
        );
        let statement = Statement::from_string(self.snapshot.get_database_backend(), sql);
        for row in self.snapshot.query_all_raw(statement).await? {
            let id = TransactionId::from_uuid(row.try_get("", "id")?);
            findings.add(RULE, format!("{id} is in no link"));
        }
        findings.add_untold(count - room);
        Ok(())
    }
}

/// The number of the link that a walk begins after.
fn begin(since: Option<&Checkpoint>, shard: i16) -> i64 {
    let noted = since.and_then(|since| since.head(shard));
    noted.map_or(0, |head| head.seq)
}

/// What a person compares hashes by.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

impl Link {
    /// Compares it with the link before it and with its rows; how many of its transactions do not exist.
    fn check(
        &self,
        last: &(i64, String),
        sealed: &HashMap<TransactionId, Seal>,
        findings: &mut Findings,
    ) -> i64 {
        let (shard, seq) = (self.row.shard, self.row.seq);
        let link = format!("link {seq} of shard {shard}");
        let mut broken = |detail: String| findings.add(RULE, format!("{link}: {detail}"));
        if seq != last.0 + 1 {
            broken(format!("the link before it, {}, is gone", seq - 1));
        } else if self.row.previous != last.1 {
            let (previous, last) = (short(&self.row.previous), short(&last.1));
            broken(format!(
                "it follows {previous}…, and the link before it is {last}…"
            ));
        }
        let missing: Vec<_> = (self.ids.iter())
            .filter(|id| !sealed.contains_key(id))
            .collect();
        for id in &missing {
            broken(format!("{id} is gone"));
        }
        if missing.is_empty() {
            let seals: Vec<Seal> = self.ids.iter().map(|id| sealed[id]).collect();
            let count = i32::try_from(seals.len()) == Ok(self.row.transactions);
            if !count || link_hash(&self.row.previous, shard, seq, &seals) != self.row.hash {
                let changed = self.changed(&seals);
                for id in &changed {
                    broken(format!("{id}, its entries or its commissions were changed"));
                }
                if changed.is_empty() {
                    broken("the link itself was changed".into());
                }
            }
        }
        i64::try_from(missing.len()).unwrap_or(i64::MAX)
    }

    /// The transactions whose rows are not those that the link was made of.
    fn changed(&self, seals: &[Seal]) -> Vec<TransactionId> {
        let noted = |nth: usize| self.row.marks.get(nth * MARK..(nth + 1) * MARK);
        let all = self.ids.iter().zip(seals).enumerate();
        all.filter(|(nth, (_, seal))| noted(*nth) != Some(mark(seal).as_str()))
            .map(|(_, (id, _))| *id)
            .collect()
    }
}
