//! The chain of hashes over all that the ledger commits: where each shard ends, and its links.
//!
//! What was posted before is in no link: link 0 of shard 0 counts it, and its hash is that count.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::prelude::*;

/// This step of the history.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        heads(manager).await?;
        links(manager).await?;
        begin(manager).await?;
        append_only(manager, "chain_link").await?;
        // A link's rows are found by their transactions.
        index(manager, "commission (transaction_id)").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, "DROP INDEX commission_transaction_id_idx").await?;
        drop_tables(manager, &["chain_link", "chain"]).await
    }
}

async fn heads(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("chain")
        .col(small_integer("shard"))
        .col(big_integer("seq"))
        .col(text("hash"))
        .key(&["shard"])
        .check("shard_range", "shard BETWEEN 0 AND 7")
        .check("seq_not_negative", "seq >= 0")
        .check("is_hashed", "length(hash) = 64")
        .create(manager)
        .await
}

async fn links(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("chain_link")
        .col(small_integer("shard"))
        .col(big_integer("seq"))
        .col(text("previous"))
        .col(text("hash"))
        .col(integer("transactions"))
        .col(text("ids"))
        .col(text("marks"))
        .col(instant("created_at"))
        .key(&["shard", "seq"])
        .check("shard_range", "shard BETWEEN 0 AND 7")
        .check("seq_not_negative", "seq >= 0")
        .check("is_hashed", "length(hash) = 64 AND length(previous) = 64")
        .check(
            "links_something",
            "seq = 0 OR (transactions > 0 AND length(marks) = 16 * transactions)",
        )
        .create(manager)
        .await
}

async fn begin(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let (count, now) = match manager.get_database_backend() {
        DbBackend::Postgres => ("lpad(to_hex(older), 64, '0')", "CURRENT_TIMESTAMP"),
        _ => (
            "printf('%064x', older)",
            "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')",
        ),
    };
    let shards = "SELECT 0 AS shard UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3
                  UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7";
    let links = format!(
        "INSERT INTO chain_link (shard, seq, previous, hash, transactions, ids, marks, created_at)
         SELECT shard, 0, '{nothing}', {count}, older, '[]', '', {now} FROM
           (SELECT shard, CASE shard WHEN 0 THEN (SELECT COUNT(*) FROM \"transaction\") ELSE 0 END AS older
            FROM ({shards}) AS shards) AS counted",
        nothing = "0".repeat(64),
    );
    execute(manager, &links).await?;
    let heads = "INSERT INTO chain (shard, seq, hash) SELECT shard, seq, hash FROM chain_link ORDER BY shard";
    execute(manager, heads).await
}
