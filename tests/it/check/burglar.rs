//! Whoever changes what the database itself refuses to change.

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};

use crate::support::db::TestDb;

/// A connection of somebody who gets past all that the database itself refuses.
pub enum Burglar {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Burglar {
    pub async fn enter(test: &TestDb) -> Self {
        let mut burglar = if test.url.starts_with("sqlite:") {
            Self::Sqlite(SqliteConnection::connect(&test.url).await.unwrap())
        } else {
            Self::Postgres(PgConnection::connect(&test.url).await.unwrap())
        };
        let doors = if let Self::Sqlite(_) = burglar {
            burglar.run("PRAGMA foreign_keys = OFF").await;
            burglar.run("PRAGMA ignore_check_constraints = ON").await;
            "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'"
        } else {
            "SELECT format('ALTER TABLE %I DISABLE TRIGGER ALL', relname) FROM pg_class
             WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
             UNION ALL SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', conrelid::regclass, conname)
             FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
        };
        for door in burglar.list(doors).await {
            burglar.run(&door.replace("\"\"\"", "\"")).await;
        }
        burglar.run("DROP INDEX commission_charge_id_key").await;
        burglar
    }

    /// How many rows it changed.
    pub async fn run(&mut self, sql: &str) -> u64 {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql));
        let done = match self {
            Self::Sqlite(connection) => sql
                .execute(connection)
                .await
                .map(|done| done.rows_affected()),
            Self::Postgres(connection) => sql
                .execute(connection)
                .await
                .map(|done| done.rows_affected()),
        };
        done.unwrap()
    }

    async fn list(&mut self, sql: &str) -> Vec<String> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql));
        match self {
            Self::Sqlite(connection) => {
                let rows = sql.fetch_all(connection).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
            Self::Postgres(connection) => {
                let rows = sql.fetch_all(connection).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }
}
