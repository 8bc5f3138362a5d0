//! Many rows in one statement, whose text is the same however many they are: so it stays prepared.
//!
//! Rows go as one JSON parameter, which both databases take apart themselves, with exact 64-bit integers.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use sea_orm::sea_query::extension::postgres::PgFunc;
use sea_orm::sea_query::{Expr, ExprTrait, Value};
use sea_orm::{
    ColumnTrait, ColumnType, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExecResult,
    IdenStatic, Iterable, PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect, Select,
    Statement,
};
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
    write::<E>(conn, Act::Insert, rows).await?;
    Ok(())
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
    let Some(result) = write::<E>(conn, Act::Update, rows).await? else {
        return Ok(());
    };
    let all = usize::try_from(result.rows_affected()) == Ok(rows.len());
    all.then_some(()).ok_or(DbErr::RecordNotUpdated)
}

/// Inserts rows or, where the primary key exists, adds the columns `added` to what is there and keeps the greater of
/// the columns `latest`; other columns stay as they are. No key may come twice.
///
/// # Errors
/// The database's.
pub async fn add_all<E>(
    conn: &impl ConnectionTrait,
    rows: &[E::Model],
    added: &[&'static str],
    latest: &[&'static str],
) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: Serialize,
{
    write::<E>(conn, Act::Add(added.to_vec(), latest.to_vec()), rows).await?;
    Ok(())
}

/// The rows whose `column` is one of `values`: ids, texts or integers. In no order.
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
    V: Into<Value> + Clone,
{
    if values.is_empty() {
        return Ok(Vec::new());
    }
    among::<E, V>(conn, column, values)?.all(conn).await
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
    V: Into<Value> + Clone,
{
    if values.is_empty() {
        return Ok(Vec::new());
    }
    let found = among::<E, V>(conn, column, values)?;
    found.order_by_asc(column).lock_exclusive().all(conn).await
}

/// Selects the rows whose `column` is one of `values`, for who has more to say of them.
///
/// # Errors
/// Values that are no ids, texts or integers.
pub fn among<E, V>(
    conn: &impl ConnectionTrait,
    column: E::Column,
    values: &[V],
) -> Result<Select<E>, DbErr>
where
    E: EntityTrait,
    V: Into<Value> + Clone,
{
    let values: Vec<Value> = values.iter().cloned().map(Into::into).collect();
    let condition = if conn.get_database_backend() == DbBackend::Sqlite {
        let value = match column.def().get_column_type() {
            ColumnType::Uuid => "unhex(value)",
            _ => "value",
        };
        let list: Vec<_> = values.into_iter().map(json).collect::<Result<_, _>>()?;
        let list = serde_json::to_string(&list).map_err(|e| DbErr::Json(e.to_string()))?;
        let (table, column) = (E::default().table_name(), column.as_str());
        Expr::cust_with_values(
            format!(r#""{table}"."{column}" IN (SELECT {value} FROM json_each(?))"#),
            [list],
        )
    } else {
        let kind = values.first().map_or_else(
            || Value::String(None).array_type(),
            sea_orm::sea_query::Value::array_type,
        );
        let list = Value::Array(kind, Some(Box::new(values)));
        Expr::col((E::default(), column)).eq(PgFunc::any(Expr::val(list)))
    };
    Ok(E::find().filter(condition))
}

fn json(value: Value) -> Result<serde_json::Value, DbErr> {
    match value {
        Value::Uuid(Some(id)) => Ok(id.simple().to_string().into()),
        Value::String(Some(text)) => Ok(text.into()),
        Value::SmallInt(Some(number)) => Ok(number.into()),
        Value::Int(Some(number)) => Ok(number.into()),
        Value::BigInt(Some(number)) => Ok(number.into()),
        other => Err(DbErr::Type(format!("no list of {other:?} can be sought"))),
    }
}

/// What is done with rows.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Act {
    Insert,
    Update,
    /// Columns added to, and columns of which the greater is kept.
    Add(Vec<&'static str>, Vec<&'static str>),
}

async fn write<E>(
    conn: &impl ConnectionTrait,
    act: Act,
    rows: &[E::Model],
) -> Result<Option<ExecResult>, DbErr>
where
    E: EntityTrait,
    E::Model: Serialize,
{
    if rows.is_empty() {
        return Ok(None);
    }
    let backend = conn.get_database_backend();
    let sql = text::<E>(backend, act);
    let rows = serde_json::to_string(rows).map_err(|e| DbErr::Json(e.to_string()))?;
    let statement = Statement::from_sql_and_values(backend, &*sql, [rows.into()]);
    conn.execute_raw(statement).await.map(Some)
}

/// The statement's text, made once for each table and act.
fn text<E: EntityTrait>(backend: DbBackend, act: Act) -> Arc<str> {
    type Texts = HashMap<(&'static str, bool, Act), Arc<str>>;
    static TEXTS: LazyLock<Mutex<Texts>> = LazyLock::new(Mutex::default);

    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    let sqlite = backend == DbBackend::Sqlite;
    let key = (E::default().table_name(), sqlite, act);
    if let Some(text) = texts.get(&key) {
        return Arc::clone(text);
    }
    let made: Arc<str> = make_text::<E>(backend, &key.2).into();
    texts.insert(key, Arc::clone(&made));
    made
}

fn make_text<E: EntityTrait>(backend: DbBackend, act: &Act) -> String {
    let table = E::default().table_name();
    let columns: Vec<&str> = E::Column::iter().map(|c| IdenStatic::as_str(&c)).collect();
    let keys: Vec<&str> = E::PrimaryKey::iter()
        .map(|key| IdenStatic::as_str(&key.into_column()))
        .collect();
    let others = columns.iter().copied().filter(|c| !keys.contains(c));
    let rows = rows_text::<E>(backend);
    let quoted = list(&columns, |c| format!(r#""{c}""#));
    match act {
        Act::Insert => format!(r#"INSERT INTO "{table}" ({quoted}) SELECT {quoted} FROM {rows}"#),
        Act::Update => {
            let set = list(others, |c| format!(r#""{c}" = d."{c}""#));
            let same = list(&keys, |c| format!(r#""{table}"."{c}" = d."{c}""#));
            let same = same.replace(", ", " AND ");
            format!(r#"UPDATE "{table}" SET {set} FROM {rows} WHERE {same}"#)
        }
        Act::Add(added, latest) => {
            let keys = list(&keys, |c| format!(r#""{c}""#));
            let sums = added
                .iter()
                .map(|c| format!(r#""{c}" = "{table}"."{c}" + excluded."{c}""#));
            let greatest = latest.iter().map(|c| greatest(backend, table, c));
            let set: Vec<String> = sums.chain(greatest).collect();
            let set = set.join(", ");
            format!(
                // Without WHERE, SQLite takes ON for a join's.
                r#"INSERT INTO "{table}" ({quoted}) SELECT {quoted} FROM {rows} WHERE true ON CONFLICT ({keys}) DO UPDATE SET {set}"#
            )
        }
    }
}

fn list<T: Copy>(items: impl IntoIterator<Item = T>, each: impl Fn(T) -> String) -> String {
    items.into_iter().map(each).collect::<Vec<_>>().join(", ")
}

/// The greater of what is there and what comes; NULL only where both are.
fn greatest(backend: DbBackend, table: &str, column: &str) -> String {
    let (here, coming) = (
        format!(r#""{table}"."{column}""#),
        format!(r#"excluded."{column}""#),
    );
    if backend == DbBackend::Sqlite {
        format!(r#""{column}" = max(coalesce({here}, {coming}), coalesce({coming}, {here}))"#)
    } else {
        format!(r#""{column}" = greatest({here}, {coming})"#)
    }
}

/// The parameter's rows, as a table `d` with this table's columns and types, in the parameter's order.
fn rows_text<E: EntityTrait>(backend: DbBackend) -> String {
    let table = E::default().table_name();
    if backend != DbBackend::Sqlite {
        return format!(r#"json_populate_recordset(NULL::"{table}", $1::json) AS d"#);
    }
    // As SeaORM writes them: ids as sixteen bytes, instants with +00:00.
    let columns = E::Column::iter().map(|column| {
        let name = IdenStatic::as_str(&column);
        let value = format!("value ->> '$.{name}'");
        match column.def().get_column_type() {
            ColumnType::Uuid => format!(r#"unhex({value}, '-') AS "{name}""#),
            ColumnType::TimestampWithTimeZone => {
                format!(r#"replace({value}, 'Z', '+00:00') AS "{name}""#)
            }
            _ => format!(r#"{value} AS "{name}""#),
        }
    });
    let columns = columns.collect::<Vec<_>>().join(", ");
    format!("(SELECT {columns} FROM json_each($1)) AS d")
}
