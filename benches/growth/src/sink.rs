//! Where rows go: COPY on `PostgreSQL`, large transactions on SQLite. Indexes are built at the end, all at once.

use std::collections::BTreeMap;

use agent_program::store::bulk;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbErr,
    EntityTrait, IdenStatic, Iterable, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};
use serde::Serialize;
use sqlx::sqlite::SqliteSynchronous;
use sqlx::{Connection, PgConnection};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Fault;

/// A COPY is handed on when it has so many bytes.
const CHUNK: usize = 1 << 20;
/// SQLite commits after so many rows.
const COMMIT: usize = 500_000;

pub enum Sink {
    Postgres(Box<Postgres>),
    Sqlite(Box<Sqlite>),
}

impl Sink {
    /// Opens a migrated database, and takes its indexes away until [`Sink::finish`].
    pub async fn open(url: &str) -> Result<Self, Fault> {
        if url.starts_with("sqlite:") {
            Ok(Self::Sqlite(Box::new(Sqlite::open(url).await?)))
        } else {
            Ok(Self::Postgres(Box::new(Postgres::open(url).await?)))
        }
    }

    /// Writes new rows.
    pub async fn insert<E>(&mut self, rows: &[E::Model]) -> Result<(), Fault>
    where
        E: EntityTrait,
        E::Model: Serialize,
    {
        if rows.is_empty() {
            return Ok(());
        }
        match self {
            Self::Postgres(sink) => sink.copy::<E>(rows).await,
            Self::Sqlite(sink) => sink.insert::<E>(rows).await,
        }
    }

    /// Writes a row that is there anew.
    pub async fn update<E>(&mut self, row: &E::Model) -> Result<(), Fault>
    where
        E: EntityTrait,
        E::Model: Serialize + Clone,
    {
        let row = std::slice::from_ref(row);
        match self {
            Self::Postgres(sink) => bulk::update_all::<E>(&sink.connection, row).await?,
            Self::Sqlite(sink) => bulk::update_all::<E>(sink.transaction().await?, row).await?,
        }
        Ok(())
    }

    /// Ends what is under way, and builds the indexes.
    pub async fn finish(self) -> Result<(), Fault> {
        match self {
            Self::Postgres(sink) => sink.finish().await,
            Self::Sqlite(sink) => sink.finish().await,
        }
    }
}

pub struct Postgres {
    url: String,
    connection: DatabaseConnection,
    /// One COPY for each table, under way on a connection of its own.
    copies: BTreeMap<String, Copying>,
    indexes: Vec<String>,
}

struct Copying {
    writer: csv::Writer<Vec<u8>>,
    chunks: mpsc::Sender<Vec<u8>>,
    task: JoinHandle<Result<u64, sqlx::Error>>,
}

impl Postgres {
    async fn open(url: &str) -> Result<Self, Fault> {
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        let connection = Database::connect(options).await?;
        let sql = "SELECT indexname AS name, indexdef AS made FROM pg_indexes WHERE schemaname = current_schema()
                     AND indexname NOT IN (SELECT conname FROM pg_constraint)";
        let indexes = take_indexes(&connection, sql).await?;
        Ok(Self {
            url: url.to_owned(),
            connection,
            copies: BTreeMap::new(),
            indexes,
        })
    }

    async fn copy<E>(&mut self, rows: &[E::Model]) -> Result<(), Fault>
    where
        E: EntityTrait,
        E::Model: Serialize,
    {
        let table = E::default().table_name().to_owned();
        if !self.copies.contains_key(&table) {
            let copy = Copying::begin::<E>(&self.url);
            self.copies.insert(table.clone(), copy);
        }
        let copy = self.copies.get_mut(&table).expect("it was begun");
        for row in rows {
            copy.writer.serialize(row)?;
        }
        if copy.buffered() >= CHUNK && !copy.hand_on().await? {
            // It has ended, and says why.
            let copy = self.copies.remove(&table).expect("it was begun");
            copy.end().await?;
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<(), Fault> {
        for (_, mut copy) in std::mem::take(&mut self.copies) {
            copy.hand_on().await?;
            copy.end().await?;
        }
        self.connection
            .execute_unprepared("SET maintenance_work_mem = '512MB'")
            .await?;
        for index in &self.indexes {
            self.connection.execute_unprepared(index).await?;
        }
        // As autovacuum would have left it.
        self.connection.execute_unprepared("VACUUM ANALYZE").await?;
        Ok(self.connection.close().await?)
    }
}

impl Copying {
    fn begin<E: EntityTrait>(url: &str) -> Self {
        let columns: Vec<String> = E::Column::iter()
            .map(|column| format!(r#""{}""#, column.as_str()))
            .collect();
        let sql = format!(
            r#"COPY "{}" ({}) FROM STDIN WITH (FORMAT csv)"#,
            E::default().table_name(),
            columns.join(", ")
        );
        let (chunks, received) = mpsc::channel(4);
        Self {
            writer: writer(),
            chunks,
            task: tokio::spawn(copy(url.to_owned(), sql, received)),
        }
    }

    fn buffered(&self) -> usize {
        self.writer.get_ref().len()
    }

    /// Whether the COPY still takes something.
    async fn hand_on(&mut self) -> Result<bool, Fault> {
        let full = std::mem::replace(&mut self.writer, writer());
        let bytes = full.into_inner().map_err(|error| {
            let problem = error.into_error();
            Fault::Story(problem.to_string())
        })?;
        Ok(self.chunks.send(bytes).await.is_ok())
    }

    async fn end(self) -> Result<(), Fault> {
        drop(self.chunks);
        let ended = self.task.await;
        ended.map_err(|error| Fault::Story(error.to_string()))??;
        Ok(())
    }
}

fn writer() -> csv::Writer<Vec<u8>> {
    let bytes = Vec::with_capacity(CHUNK + CHUNK / 4);
    csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(bytes)
}

/// Copies what comes. Rows come in an order in which none points at another that is there, so nothing is asked of its
/// foreign keys; `verify` looks at them.
async fn copy(
    url: String,
    sql: String,
    mut chunks: mpsc::Receiver<Vec<u8>>,
) -> Result<u64, sqlx::Error> {
    let mut connection = PgConnection::connect(&url).await?;
    for setting in [
        "SET session_replication_role = replica",
        "SET synchronous_commit = off",
        "SET timezone = 'UTC'",
    ] {
        sqlx::raw_sql(setting).execute(&mut connection).await?;
    }
    let mut copying = connection.copy_in_raw(&sql).await?;
    while let Some(chunk) = chunks.recv().await {
        copying.send(chunk).await?;
    }
    let rows = copying.finish().await?;
    connection.close().await?;
    Ok(rows)
}

pub struct Sqlite {
    connection: DatabaseConnection,
    transaction: Option<DatabaseTransaction>,
    uncommitted: usize,
    indexes: Vec<String>,
}

impl Sqlite {
    async fn open(url: &str) -> Result<Self, Fault> {
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(1)
            .sqlx_logging(false)
            .map_sqlx_sqlite_opts(|sqlite| {
                sqlite
                    .foreign_keys(false)
                    .synchronous(SqliteSynchronous::Off)
                    .pragma("cache_size", "-262144")
            });
        let connection = Database::connect(options).await?;
        let sql =
            "SELECT name, sql AS made FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
        let indexes = take_indexes(&connection, sql).await?;
        Ok(Self {
            connection,
            transaction: None,
            uncommitted: 0,
            indexes,
        })
    }

    async fn transaction(&mut self) -> Result<&DatabaseTransaction, DbErr> {
        if self.transaction.is_none() {
            let options = TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..Default::default()
            };
            self.transaction = Some(self.connection.begin_with_options(options).await?);
        }
        Ok(self.transaction.as_ref().expect("it was begun"))
    }

    async fn insert<E>(&mut self, rows: &[E::Model]) -> Result<(), Fault>
    where
        E: EntityTrait,
        E::Model: Serialize,
    {
        bulk::insert_all::<E>(self.transaction().await?, rows).await?;
        self.uncommitted += rows.len();
        if self.uncommitted >= COMMIT {
            self.commit().await?;
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), DbErr> {
        self.uncommitted = 0;
        match self.transaction.take() {
            Some(transaction) => transaction.commit().await,
            None => Ok(()),
        }
    }

    async fn finish(mut self) -> Result<(), Fault> {
        self.commit().await?;
        for index in &self.indexes {
            self.connection.execute_unprepared(index).await?;
        }
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        self.connection.execute_unprepared(checkpoint).await?;
        Ok(self.connection.close().await?)
    }
}

/// Drops the indexes that are named, and answers how they were made.
async fn take_indexes(connection: &DatabaseConnection, sql: &str) -> Result<Vec<String>, DbErr> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let mut made = Vec::new();
    for row in connection.query_all_raw(statement).await? {
        let name: String = row.try_get("", "name")?;
        made.push(row.try_get("", "made")?);
        connection
            .execute_unprepared(&format!(r#"DROP INDEX "{name}""#))
            .await?;
    }
    Ok(made)
}
