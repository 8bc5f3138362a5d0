//! Many rows in one statement, whose text is the same however many they are: so it stays prepared.
//!
//! Rows go as one JSON parameter, which both databases take apart themselves, with exact 64-bit integers.

use sea_orm::sea_query::{Value, ValueType};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};
use serde::Serialize;

/// Inserts the rows, in order.
///
/// # Errors
/// The database's; a row that breaks a rule takes all with it.
pub async fn insert_all<E>(conn: &impl ConnectionTrait, rows: &[E::Model]) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: Serialize,
{
    let _ = (conn, rows);
    todo!("insert_all")
}

/// Writes every column of rows that exist, found by their primary key.
///
/// # Errors
/// [`DbErr::RecordNotUpdated`] where a row does not exist or came twice; else the database's.
pub async fn update_all<E>(conn: &impl ConnectionTrait, rows: &[E::Model]) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: Serialize,
{
    let _ = (conn, rows);
    todo!("update_all")
}

/// Inserts rows or, where the primary key exists, adds the columns `added` to what is there and keeps the greater of
/// the columns `latest`; other columns stay as they are. No key may come twice.
///
/// # Errors
/// The database's.
pub async fn add_all<E>(
    conn: &impl ConnectionTrait,
    rows: &[E::Model],
    added: &[&str],
    latest: &[&str],
) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: Serialize,
{
    let _ = (conn, rows, added, latest);
    todo!("add_all")
}

/// The rows whose `column` is one of `values`, in no order.
///
/// # Errors
/// The database's.
pub async fn find_all<E, V>(
    conn: &impl ConnectionTrait,
    column: E::Column,
    values: &[V],
) -> Result<Vec<E::Model>, DbErr>
where
    E: EntityTrait,
    V: Into<Value> + ValueType + Clone,
{
    let _ = (conn, column, values);
    todo!("find_all")
}

/// The same, in the order of `column`, locked until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn find_locked<E, V>(
    conn: &impl ConnectionTrait,
    column: E::Column,
    values: &[V],
) -> Result<Vec<E::Model>, DbErr>
where
    E: EntityTrait,
    V: Into<Value> + ValueType + Clone,
{
    let _ = (conn, column, values);
    todo!("find_locked")
}
