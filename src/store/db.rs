//! The database: connections, transactions, and telling others after a commit.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{
    AccessMode, ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

use super::news::{News, Newsroom};

/// Connections of a process to `PostgreSQL`, and readers of a SQLite file.
const POOL: u32 = 16;
/// No statement of this program takes longer, or it is at fault.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait for a connection or, on SQLite, for the one writer.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// A SQLite file or a `PostgreSQL` database. A clone is the same one.
#[derive(Clone, Debug)]
pub struct Db(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// On SQLite the only connection that writes; on `PostgreSQL` the pool.
    writer: DatabaseConnection,
    /// On SQLite connections that cannot write; on `PostgreSQL` the pool.
    reader: DatabaseConnection,
    newsroom: Newsroom,
}

impl Db {
    /// Connects to `sqlite://file`, which is made if need be, or `postgres://…`.
    ///
    /// `process` is what the database's own views call this program.
    ///
    /// # Errors
    /// When the URL cannot be read or the database cannot be reached.
    pub async fn connect(url: &str, process: &str) -> Result<Self, DbErr> {
        let (writer, reader) = if url.starts_with("sqlite:") {
            let writer = Database::connect(sqlite(url, 1, false)).await?;
            (writer, Database::connect(sqlite(url, POOL, true)).await?)
        } else {
            let pool = Database::connect(postgres(url, process)).await?;
            (pool.clone(), pool)
        };
        let newsroom = Newsroom::default();
        Ok(Self(Arc::new(Inner {
            writer,
            reader,
            newsroom,
        })))
    }

    /// For reads of a single statement.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.0.reader
    }

    /// Begins a transaction that sees one instant of the database, and cannot write.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin_read(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = match self.backend() {
            DbBackend::Sqlite => TransactionOptions::default(),
            _ => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..Default::default()
            },
        };
        self.0.reader.begin_with_options(options).await
    }

    /// Begins a transaction that writes. On SQLite there is one at a time.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin_write(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = match self.backend() {
            DbBackend::Sqlite => TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..Default::default()
            },
            _ => TransactionOptions::default(),
        };
        self.0.writer.begin_with_options(options).await
    }

    /// Commits, then tells the followers of `news`, in this process and in others.
    ///
    /// # Errors
    /// The database's. When the connection dies in the commit it is not known whether it landed.
    pub async fn commit(&self, txn: DatabaseTransaction, news: News) -> Result<(), DbErr> {
        txn.commit().await?;
        self.0.newsroom.announce(&news);
        Ok(())
    }

    /// Where to wait for news.
    #[must_use]
    pub fn newsroom(&self) -> &Newsroom {
        &self.0.newsroom
    }

    /// Which of the two it is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.0.writer.get_database_backend()
    }
}

fn sqlite(url: &str, connections: u32, read_only: bool) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // NORMAL may lose what was acknowledged when the power goes.
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(ACQUIRE_TIMEOUT);
            if read_only {
                sqlite.pragma("query_only", "ON")
            } else {
                sqlite
            }
        });
    options
}

fn postgres(url: &str, process: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(POOL)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .statement_timeout(STATEMENT_TIMEOUT)
        .set_application_name(process)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(|postgres| {
            postgres.options([
                ("synchronous_commit", "on"),
                ("timezone", "UTC"),
                ("idle_in_transaction_session_timeout", "60s"),
            ])
        });
    options
}
