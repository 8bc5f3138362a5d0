//! The database: connections, transactions, and telling others after a commit.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use migration::{MigrationStatus, Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, IsolationLevel, RuntimeErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sqlx::Connection;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::news::{News, Newsroom};
use super::news_wire;

/// Connections of a process that read.
const READERS: u32 = 16;
/// Connections of a process to `PostgreSQL` that write. A pool of their own, so that who holds one and reads beside it
/// does not wait for others who do the same.
const WRITERS: u32 = 8;
/// No statement of this program takes longer, or it is at fault.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait for a connection or, on SQLite, for the one writer.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// A connection that has rested for so long is tried before it is used: the database may have gone away meanwhile. To try
/// one that was in use a moment ago would double the way of every statement, and prove little.
const RESTED: Duration = Duration::from_secs(1);
/// The advisory lock that lets one process migrate at a time.
const MIGRATION_LOCK: i64 = 0x6167_656e_7470_726f;

/// A SQLite file or a `PostgreSQL` database. A clone is the same one.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    /// On SQLite a single connection.
    writer: DatabaseConnection,
    /// Connections that cannot write.
    reader: DatabaseConnection,
    newsroom: Newsroom,
    /// How many statements have been asked.
    statements: Arc<AtomicU64>,
    /// What other processes know this one by.
    process: Uuid,
    /// Hears what they tell; on `PostgreSQL` only.
    listener: Option<AbortHandle>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            listener.abort();
        }
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Db({:?})", self.backend())
    }
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
            (sqlite(url, 1, false), sqlite(url, READERS, true))
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let url = url.replacen("postgresql:", "postgres:", 1);
            (
                postgres(&url, process, WRITERS, false),
                postgres(&url, process, READERS, true),
            )
        } else {
            // Not shown: it may hold a password.
            let known = "the database's URL begins neither with sqlite: nor with postgres:";
            return Err(DbErr::Conn(RuntimeErr::Internal(known.into())));
        };
        let mut writer = Database::connect(writer).await?;
        let mut reader = Database::connect(reader).await?;
        let statements = Arc::new(AtomicU64::new(0));
        for connection in [&mut writer, &mut reader] {
            let statements = Arc::clone(&statements);
            connection.set_metric_callback(move |_| {
                statements.fetch_add(1, Ordering::Relaxed);
            });
        }
        let newsroom = Newsroom::default();
        let id = Uuid::now_v7();
        let listener = match writer.get_database_backend() {
            DbBackend::Postgres => {
                let pool = writer.get_postgres_connection_pool();
                Some(news_wire::listen(pool, id, newsroom.clone()).await?)
            }
            _ => None,
        };
        Ok(Self(Arc::new(Inner {
            writer,
            reader,
            newsroom,
            statements,
            process: id,
            listener,
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
                ..Default::default()
            },
        };
        self.0.reader.begin_with_options(options).await
    }

    /// The same for what reads the whole database, and takes longer than a statement may.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin_long_read(&self) -> Result<DatabaseTransaction, DbErr> {
        let txn = self.begin_read().await?;
        if self.backend() == DbBackend::Postgres {
            txn.execute_unprepared("SET LOCAL statement_timeout = 0")
                .await?;
        }
        Ok(txn)
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
        if self.backend() == DbBackend::Postgres {
            news_wire::notify(&txn, self.0.process, &news).await?;
        }
        txn.commit().await?;
        self.0.newsroom.announce(&news);
        Ok(())
    }

    /// Where to wait for news.
    #[must_use]
    pub fn newsroom(&self) -> &Newsroom {
        &self.0.newsroom
    }

    /// How many statements this process has asked the database since it connected; beginnings and ends of transactions, and
    /// what goes round the pool such as migrations, are not among them.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.0.statements.load(Ordering::Relaxed)
    }

    /// Which of the two it is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.0.writer.get_database_backend()
    }

    /// Closes all connections, once what runs on them has ended.
    ///
    /// # Errors
    /// The database's.
    pub async fn close(&self) -> Result<(), DbErr> {
        if let Some(listener) = &self.0.listener {
            listener.abort();
        }
        self.0.reader.close_by_ref().await?;
        self.0.writer.close_by_ref().await
    }

    /// Brings the database to this program's schema. Several processes may do so at once.
    ///
    /// # Errors
    /// The database's, and where it was migrated by a newer program.
    pub async fn migrate_up(&self) -> Result<(), DbErr> {
        self.migrate(None).await
    }

    /// Takes the last `steps` migrations back, with all that their tables hold.
    ///
    /// # Errors
    /// The database's.
    pub async fn migrate_down(&self, steps: u32) -> Result<(), DbErr> {
        self.migrate(Some(steps)).await
    }

    /// The name of each migration, oldest first, and whether it is applied. Writes nothing.
    ///
    /// # Errors
    /// The database's, and where it was migrated by a newer program.
    pub async fn migration_status(&self) -> Result<Vec<(String, bool)>, DbErr> {
        let all = Migrator::get_migration_with_status_read_only(self.reader()).await?;
        let told = all.iter().map(|migration| {
            let applied = matches!(migration.status(), MigrationStatus::Applied);
            (migration.name().to_owned(), applied)
        });
        Ok(told.collect())
    }

    async fn migrate(&self, down: Option<u32>) -> Result<(), DbErr> {
        if self.backend() == DbBackend::Sqlite {
            return run(&self.0.writer, down).await;
        }
        let pool = self.0.writer.get_postgres_connection_pool();
        let options = (*pool.connect_options()).clone().options([
            // A migration takes as long as it takes.
            ("statement_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
        ]);
        let mut lock = sqlx::PgConnection::connect_with(&options)
            .await
            .map_err(news_wire::unreachable)?;
        sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(MIGRATION_LOCK)
            .execute(&mut lock)
            .await
            .map_err(news_wire::unreachable)?;
        let own = PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(options);
        let own = DatabaseConnection::from(own);
        let result = run(&own, down).await;
        own.close().await?;
        lock.close().await.map_err(news_wire::unreachable)?;
        result
    }
}

async fn run(connection: &DatabaseConnection, down: Option<u32>) -> Result<(), DbErr> {
    match down {
        None => Migrator::up(connection, None).await,
        Some(steps) => Migrator::down(connection, Some(steps)).await,
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
                // Or INSERT OR REPLACE gets past the triggers that keep the books.
                .pragma("recursive_triggers", "ON")
                .busy_timeout(ACQUIRE_TIMEOUT);
            if read_only {
                sqlite.pragma("query_only", "ON")
            } else {
                sqlite
            }
        });
    options
}

fn postgres(url: &str, process: &str, connections: u32, read_only: bool) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire_if_idle_for(RESTED)
        .statement_timeout(STATEMENT_TIMEOUT)
        .set_application_name(process)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(move |postgres| {
            postgres.options([
                ("synchronous_commit", "on"),
                ("timezone", "UTC"),
                // Texts are constant, and what they ask for is found by indexes whatever the values: a plan for each value
                // costs more than most of these statements do.
                ("plan_cache_mode", "force_generic_plan"),
                // To compile a statement takes longer than any of these does.
                ("jit", "off"),
                ("idle_in_transaction_session_timeout", "60s"),
                (
                    "default_transaction_read_only",
                    if read_only { "on" } else { "off" },
                ),
            ])
        });
    options
}
