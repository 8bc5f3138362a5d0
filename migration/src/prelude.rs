//! Short words for what every table here needs. Their meaning is frozen like the migrations that use them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

pub use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, date, integer, integer_null, json, small_integer,
    small_integer_null, text, text_null, timestamp_with_time_zone as instant,
    timestamp_with_time_zone_null as instant_null, uuid, uuid_null,
};

/// A migration that runs in one transaction, and is undone by dropping its tables, the newest first.
macro_rules! migration {
    ($up:ident, drops $tables:expr) => {
        /// This step of the history.
        #[derive(sea_orm_migration::prelude::DeriveMigrationName)]
        pub struct Migration;

        #[sea_orm_migration::async_trait::async_trait]
        impl sea_orm_migration::MigrationTrait for Migration {
            fn use_transaction(&self) -> Option<bool> {
                Some(true)
            }

            async fn up(
                &self,
                manager: &sea_orm_migration::SchemaManager,
            ) -> Result<(), sea_orm_migration::DbErr> {
                $up(manager).await
            }

            async fn down(
                &self,
                manager: &sea_orm_migration::SchemaManager,
            ) -> Result<(), sea_orm_migration::DbErr> {
                crate::prelude::drop_tables(manager, &$tables).await
            }
        }
    };
}
pub(crate) use migration;

/// Drops tables in this order; their indexes and triggers go with them.
pub async fn drop_tables(
    manager: &SchemaManager<'_>,
    tables: &[&'static str],
) -> Result<(), DbErr> {
    for table in tables {
        let drop = Table::drop().table(*table).to_owned();
        manager.drop_table(drop).await?;
    }
    Ok(())
}

/// A table on its way.
pub struct NewTable {
    name: &'static str,
    statement: TableCreateStatement,
}

impl NewTable {
    /// Without any column yet.
    pub fn new(name: &'static str) -> Self {
        let statement = Table::create().table(name).to_owned();
        Self { name, statement }
    }

    /// A column; NOT NULL unless it says so.
    pub fn col(mut self, column: ColumnDef) -> Self {
        self.statement.col(column);
        self
    }

    /// The primary key.
    pub fn key(mut self, columns: &[&'static str]) -> Self {
        let mut index = Index::create();
        index.primary();
        for column in columns {
            index.col(*column);
        }
        self.statement.primary_key(&mut index);
        self
    }

    /// A reference to a parent's `id`.
    pub fn parent(mut self, column: &'static str, parent: &'static str) -> Self {
        let mut reference = ForeignKey::create();
        reference
            .name(format!("{}_{column}_fkey", self.name))
            .from(self.name, column)
            .to(parent, "id");
        self.statement.foreign_key(&mut reference);
        self
    }

    /// What must never be false, in SQL; its name is `table_name`.
    pub fn check(mut self, name: &str, sql: &'static str) -> Self {
        let name = format!("{}_{name}", self.name);
        self.statement.check(Check::named(name, Expr::cust(sql)));
        self
    }

    /// The only texts that a column holds.
    pub fn one_of(mut self, column: &'static str, values: &[&'static str]) -> Self {
        let name = format!("{}_{column}", self.name);
        let allowed = Expr::col(column).is_in(values.iter().copied());
        self.statement.check(Check::named(name, allowed));
        self
    }

    /// Makes it.
    pub async fn create(self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        manager.create_table(self.statement).await
    }
}

/// Text that pages are ordered by: code point by code point, which is SQLite's only order.
pub fn sorted_text(manager: &SchemaManager<'_>, column: &'static str) -> ColumnDef {
    let mut text = text(column);
    if manager.get_database_backend() == DbBackend::Postgres {
        text.extra("COLLATE \"C\"");
    }
    text
}

/// `index(manager, "agent (name, id)")`.
pub async fn index(manager: &SchemaManager<'_>, on: &str) -> Result<(), DbErr> {
    create_index(manager, "INDEX", "idx", on).await
}

/// `unique(manager, "agent (number)")`; with ` WHERE …` among some rows only.
pub async fn unique(manager: &SchemaManager<'_>, on: &str) -> Result<(), DbErr> {
    create_index(manager, "UNIQUE INDEX", "key", on).await
}

async fn create_index(
    manager: &SchemaManager<'_>,
    kind: &str,
    suffix: &str,
    on: &str,
) -> Result<(), DbErr> {
    let (table, rest) = on.split_once(' ').unwrap_or((on, ""));
    let columns = rest.split_once(')').map_or(rest, |(columns, _)| columns);
    let columns = columns.replace(['(', ' '], "").replace(',', "_");
    let sql = format!("CREATE {kind} {table}_{columns}_{suffix} ON \"{table}\" {rest}");
    execute(manager, &sql).await
}

/// Rows of this table are never changed or deleted: the database refuses.
pub async fn append_only(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        execute(
            manager,
            &format!(
                "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$;
                 CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON \"{table}\"
                 FOR EACH ROW EXECUTE FUNCTION refuse_change();
                 CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON \"{table}\"
                 FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();"
            ),
        )
        .await
    } else {
        for event in ["update", "delete"] {
            execute(
                manager,
                &format!(
                    "CREATE TRIGGER {table}_no_{event} BEFORE {event} ON \"{table}\"
                     BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                ),
            )
            .await?;
        }
        Ok(())
    }
}

/// SQL as it is.
pub async fn execute(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    manager.get_connection().execute_unprepared(sql).await?;
    Ok(())
}

/// Changes the only texts that a column holds: what [`NewTable::one_of`] said when the table was made.
///
/// `SQLite` cannot alter a check. Its manual (`ALTER TABLE`, "Making Other Kinds Of Table Schema Changes") allows the
/// stored text of the table to be written anew where that does not change how rows are stored.
pub async fn change_words(
    manager: &SchemaManager<'_>,
    table: &str,
    column: &str,
    words: &[&str],
) -> Result<(), DbErr> {
    let name = format!("{table}_{column}");
    let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let allowed = format!("(\"{column}\" IN ({}))", words.join(", "));
    if manager.get_database_backend() == DbBackend::Postgres {
        let sql = format!(
            "ALTER TABLE \"{table}\" DROP CONSTRAINT \"{name}\", ADD CONSTRAINT \"{name}\" CHECK {allowed}"
        );
        return execute(manager, &sql).await;
    }
    let backend = manager.get_database_backend();
    let connection = manager.get_connection();
    let select = format!("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '{table}'");
    let row = connection.query_one_raw(Statement::from_string(backend, select));
    let row = row.await?;
    let missing = || DbErr::Migration(format!("{table} has no check {name}"));
    let made: String = row.ok_or_else(missing)?.try_get("", "sql")?;
    let check = format!("CONSTRAINT \"{name}\" CHECK ");
    let begin = made.find(&check).ok_or_else(missing)? + check.len();
    let length = made[begin..].find("))").ok_or_else(missing)? + 2;
    let sql = format!("{}{allowed}{}", &made[..begin], &made[begin + length..]);
    let version = "PRAGMA schema_version";
    let row = connection.query_one_raw(Statement::from_string(backend, version));
    let version: i32 = row.await?.ok_or_else(missing)?.try_get_by_index(0)?;
    execute(manager, "PRAGMA writable_schema = ON").await?;
    let update = "UPDATE sqlite_schema SET sql = $1 WHERE type = 'table' AND name = $2";
    let values: [sea_orm_migration::sea_orm::Value; 2] = [sql.into(), table.into()];
    let update = Statement::from_sql_and_values(backend, update, values);
    let done = connection.execute_raw(update).await?;
    // Every connection reads the schema again.
    execute(manager, &format!("PRAGMA schema_version = {}", version + 1)).await?;
    execute(manager, "PRAGMA writable_schema = OFF").await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(missing())
    }
}
