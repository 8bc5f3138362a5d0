//! What makes the retry of a refresh the same as the first one; and from where a session was opened, so that an account
//! under attack stays open to its holder at home.

use sea_orm_migration::prelude::*;

use crate::prelude::*;

/// This step of the history.
#[derive(DeriveMigrationName)]
pub struct Migration;

const COLUMNS: [(&str, &str); 2] = [("refresh_token", "salt"), ("session", "source")];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in COLUMNS {
            let mut add = Table::alter();
            let add = add.table(table).add_column(text_null(column));
            manager.alter_table(add.to_owned()).await?;
        }
        index(manager, "session (login_id, source)").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, "DROP INDEX session_login_id_source_idx").await?;
        for (table, column) in COLUMNS {
            let mut drop = Table::alter();
            let drop = drop.table(table).drop_column(column);
            manager.alter_table(drop.to_owned()).await?;
        }
        Ok(())
    }
}
