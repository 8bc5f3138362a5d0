//! Pages of a list by its keys: no page costs more than its rows, however long the list or the way to it.
//!
//! Pages of many parents are one statement. On `PostgreSQL` its text does not depend on how many they are, so that it stays
//! prepared: the select is repeated for each row of a table of values (`LATERAL`). Elsewhere, and where the selects differ in
//! more than their values, they are joined by `UNION ALL`.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Utc};
use sea_orm::sea_query::{
    Alias, ArrayType, Asterisk, ColumnType, Expr, ExprTrait, Func, PostgresQueryBuilder, Query,
    SelectStatement, SqliteQueryBuilder, UnionType, Value, WindowStatement,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, IdenStatic,
    Iterable, ModelTrait, Order, PrimaryKeyToColumn, QueryResult, QuerySelect, QueryTrait, Select,
    Statement,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A value by which a list is ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Key {
    /// A sequence number.
    Int(i64),
    /// An instant.
    At(DateTime<Utc>),
    /// A name or a code.
    Text(String),
    /// An id.
    Id(Uuid),
}

impl Key {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::BigInt(Some(n)) => Some(Self::Int(n)),
            Value::ChronoDateTimeUtc(Some(at)) => Some(Self::At(at)),
            Value::String(Some(text)) => Some(Self::Text(text)),
            Value::Uuid(Some(id)) => Some(Self::Id(id)),
            _ => None,
        }
    }

    fn fits(&self, column: &ColumnType) -> bool {
        match self {
            Self::Int(_) => matches!(column, ColumnType::BigInteger),
            // A forged cursor may hold what no database does.
            Self::At(at) => {
                matches!(column, ColumnType::TimestampWithTimeZone)
                    && (1..=9_999).contains(&at.year())
            }
            Self::Text(text) => {
                matches!(column, ColumnType::String(_) | ColumnType::Text) && !text.contains('\0')
            }
            Self::Id(_) => matches!(column, ColumnType::Uuid),
        }
    }
}

impl From<Key> for Expr {
    fn from(key: Key) -> Self {
        match key {
            Key::Int(n) => Expr::value(n),
            Key::At(at) => Expr::value(at),
            Key::Text(text) => Expr::value(text),
            Key::Id(id) => Expr::value(id),
        }
    }
}

/// Which rows of a list are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// How many at most.
    pub take: u64,
    /// From the end of the window rather than from its beginning.
    pub backward: bool,
    /// Only rows behind the one with these keys.
    pub after: Option<Vec<Key>>,
    /// Only rows before the one with these keys.
    pub before: Option<Vec<Key>>,
}

/// Rows that somebody may see, and their order.
pub struct List<E: EntityTrait> {
    /// Names the list and its order: a position in one means nothing in another.
    pub name: &'static str,
    rows: Select<E>,
    columns: Vec<E::Column>,
    order: Order,
}

impl<E> List<E>
where
    E: EntityTrait,
    E::Model: FromQueryResult,
{
    /// The list of `rows` by `columns`, which together are unique, all in the same direction.
    #[must_use]
    pub fn new(
        name: &'static str,
        rows: Select<E>,
        columns: impl IntoIterator<Item = E::Column>,
        order: Order,
    ) -> Self {
        Self {
            name,
            rows,
            columns: columns.into_iter().collect(),
            order,
        }
    }

    /// Newest first, by an id that grows with time.
    #[must_use]
    pub fn newest_first(name: &'static str, rows: Select<E>) -> Self {
        let id = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
        Self::new(name, rows, id, Order::Desc)
    }

    /// The keys of a row: where it stands.
    #[must_use]
    pub fn keys(&self, row: &E::Model) -> Vec<Key> {
        let keys = self.columns.iter().filter_map(|c| Key::read(row.get(*c)));
        keys.collect()
    }

    /// Whether keys could be those of a row.
    #[must_use]
    pub fn knows(&self, keys: &[Key]) -> bool {
        let fits = |(key, column): (&Key, &E::Column)| key.fits(column.def().get_column_type());
        keys.len() == self.columns.len() && keys.iter().zip(&self.columns).all(fits)
    }

    /// One row more than the window takes, so that the reader knows whether there is a next page; backward, in reverse.
    #[must_use]
    pub fn page(&self, window: &Window) -> Part {
        let order = self.direction(window.backward);
        let mut rows = self.rows.clone();
        for (keys, behind) in [(&window.after, true), (&window.before, false)] {
            if let Some(keys) = keys {
                QuerySelect::query(&mut rows).and_where(self.beside(keys, behind, false));
            }
        }
        let mut select = rows.into_query();
        for column in &self.columns {
            select.order_by_expr(Expr::col(column.as_column_ref()), order.clone());
        }
        Part::limited(
            E::default().table_name(),
            select,
            self.columns.iter().map(|c| c.as_str().to_owned()),
            order,
            Some(window.take + 1),
        )
    }

    /// Whether there is a row at the keys or on the far side of them: one row, or none.
    #[must_use]
    pub fn beyond(&self, keys: &[Key], behind: bool) -> Part {
        let mut select = self.bare();
        select
            .and_where(self.beside(keys, behind, true))
            .expr_as(Expr::value(1_i64), "n");
        Part::limited("beyond", select, [], Order::Asc, Some(1))
    }

    /// How many rows there are, as `n`.
    #[must_use]
    pub fn count(&self) -> Part {
        let mut inner = self.bare();
        inner.expr_as(Expr::value(1_i64), "one");
        let select = Query::select()
            .expr_as(Func::count(Expr::col(Asterisk)), "n")
            .from_subquery(inner, "counted")
            .to_owned();
        Part::new("count", select, [], Order::Asc)
    }

    fn bare(&self) -> SelectStatement {
        let mut select = self.rows.clone().into_query();
        select.clear_selects();
        select
    }

    fn direction(&self, backward: bool) -> Order {
        match (&self.order, backward) {
            (Order::Asc, true) => Order::Desc,
            (Order::Desc, true) => Order::Asc,
            (order, _) => order.clone(),
        }
    }

    /// Behind the keys in the list's order, or before them, or also at them.
    fn beside(&self, keys: &[Key], behind: bool, at: bool) -> Expr {
        let columns = self.columns.iter().map(|c| Expr::col(c.as_column_ref()));
        let columns = Expr::tuple(columns.collect::<Vec<_>>());
        let keys = Expr::tuple(keys.iter().cloned().map(Expr::from).collect::<Vec<_>>());
        let greater = behind == matches!(self.order, Order::Asc);
        match (greater, at) {
            (true, false) => columns.gt(keys),
            (true, true) => columns.gte(keys),
            (false, false) => columns.lt(keys),
            (false, true) => columns.lte(keys),
        }
    }
}

/// A select that can be read together with others of its shape.
#[derive(Clone, Debug)]
pub struct Part {
    shape: &'static str,
    /// Without its limit.
    select: SelectStatement,
    limit: Option<u64>,
    keys: Vec<String>,
    order: Order,
    /// Its whole text: two parts with the same one are the same question.
    text: Arc<str>,
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Part {}

impl std::hash::Hash for Part {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Part {
    /// A select with its order, if it has one. Parts of the same `shape` answer the same columns.
    pub fn new(
        shape: &'static str,
        select: SelectStatement,
        keys: impl IntoIterator<Item = String>,
        order: Order,
    ) -> Self {
        Self::limited(shape, select, keys, order, None)
    }

    /// The same with so many rows at most.
    fn limited(
        shape: &'static str,
        select: SelectStatement,
        keys: impl IntoIterator<Item = String>,
        order: Order,
        limit: Option<u64>,
    ) -> Self {
        let mut part = Self {
            shape,
            select,
            limit,
            keys: keys.into_iter().collect(),
            order,
            text: "".into(),
        };
        part.text = part.whole().to_string(SqliteQueryBuilder).into();
        part
    }

    /// With its limit.
    fn whole(&self) -> SelectStatement {
        let mut select = self.select.clone();
        if let Some(limit) = self.limit {
            select.limit(limit);
        }
        select
    }

    /// Parts with the same columns can be read in one statement.
    #[must_use]
    pub fn shape(&self) -> &'static str {
        self.shape
    }

    fn numbered(&self, part: usize) -> SelectStatement {
        let mut window = WindowStatement::new();
        for key in &self.keys {
            window.order_by(("rows", Alias::new(key)), self.order.clone());
        }
        let number = i64::try_from(part).unwrap_or(i64::MAX);
        Query::select()
            .expr_as(Expr::value(number), "part_number")
            .expr_window_as(Func::cust("row_number"), window, "row_place")
            .column(("rows", Asterisk))
            .from_subquery(self.whole(), "rows")
            .to_owned()
    }
}

/// How many parts go into one statement; SQLite takes 500.
const PARTS: usize = 100;

/// Reads parts of one shape, in one statement for each hundred of them; answers the rows of each.
///
/// # Errors
/// The database's.
pub async fn read(
    conn: &impl ConnectionTrait,
    parts: &[Part],
) -> Result<Vec<Vec<QueryResult>>, DbErr> {
    if let [part] = parts {
        return Ok(vec![conn.query_all(&part.whole()).await?]);
    }
    let lateral_is_known = conn.get_database_backend() == DbBackend::Postgres;
    let mut answers: Vec<Vec<QueryResult>> = Vec::with_capacity(parts.len());
    for chunk in parts.chunks(PARTS) {
        let from = answers.len();
        answers.resize_with(from + chunk.len(), Vec::new);
        let rows = match lateral(chunk).filter(|_| lateral_is_known) {
            Some(statement) => conn.query_all_raw(statement).await?,
            None => match union(chunk) {
                Some(all) => conn.query_all(&all).await?,
                None => continue,
            },
        };
        for row in rows {
            let part: i64 = row.try_get("", "part_number")?;
            if let Some(rows) = usize::try_from(part)
                .ok()
                .and_then(|part| answers.get_mut(from + part))
            {
                rows.push(row);
            }
        }
    }
    Ok(answers)
}

/// The parts one after the other.
fn union(parts: &[Part]) -> Option<SelectStatement> {
    let mut selects = parts.iter().enumerate().map(|(i, part)| part.numbered(i));
    let mut all = selects.next()?;
    all.unions(selects.map(|select| (UnionType::All, select)))
        .order_by("part_number", Order::Asc)
        .order_by("row_place", Order::Asc);
    Some(all)
}

/// The first part's select for the values of each, where they differ in these only.
fn lateral(parts: &[Part]) -> Option<Statement> {
    let built = |part: &Part| part.select.build(PostgresQueryBuilder);
    let first = parts.first()?;
    let (select, values) = built(first);
    let kinds = values.iter().map(kind).collect::<Option<Vec<_>>>()?;
    if kinds.is_empty() {
        return None;
    }
    let mut columns: Vec<Vec<Value>> = vec![Vec::with_capacity(parts.len()); kinds.len()];
    for part in parts {
        let (other, values) = built(part);
        if other != select || part.limit != first.limit {
            return None;
        }
        for ((column, value), of) in columns.iter_mut().zip(values).zip(&kinds) {
            if kind(&value).as_ref() != Some(of) {
                return None;
            }
            column.push(value);
        }
    }
    let arrays = (1..)
        .zip(&kinds)
        .map(|(n, (_, kind))| format!("${n}::{kind}[]"));
    let names = (1..=kinds.len()).map(|n| format!(r#""v{n}""#));
    let order = match first.order {
        Order::Desc => " DESC",
        _ => "",
    };
    // As text: the plan depends on it.
    let limit = first
        .limit
        .map_or_else(String::new, |n| format!(" LIMIT {n}"));
    let keys = first
        .keys
        .iter()
        .map(|key| format!(r#", "r"."{key}"{order}"#));
    let text = format!(
        r#"SELECT "p"."part_number" - 1 AS "part_number", "r".* FROM unnest({}) WITH ORDINALITY AS "p" ({}, "part_number") CROSS JOIN LATERAL ({}{limit}) AS "r" ORDER BY "p"."part_number"{}"#,
        arrays.collect::<Vec<_>>().join(", "),
        names.collect::<Vec<_>>().join(", "),
        of_values(&select),
        keys.collect::<String>(),
    );
    let arrays = columns.into_iter().zip(kinds);
    let arrays = arrays.map(|(column, (kind, _))| Value::Array(kind, Some(Box::new(column))));
    Some(Statement::from_sql_and_values(
        DbBackend::Postgres,
        text,
        arrays,
    ))
}

/// What a list of such values is called; nothing for values that are no plain ones.
fn kind(value: &Value) -> Option<(ArrayType, &'static str)> {
    Some(match value {
        Value::Bool(_) => (ArrayType::Bool, "boolean"),
        Value::SmallInt(_) => (ArrayType::SmallInt, "smallint"),
        Value::Int(_) => (ArrayType::Int, "integer"),
        Value::BigInt(_) => (ArrayType::BigInt, "bigint"),
        Value::String(_) => (ArrayType::String, "text"),
        Value::Uuid(_) => (ArrayType::Uuid, "uuid"),
        Value::ChronoDateTimeUtc(_) => (ArrayType::ChronoDateTimeUtc, "timestamptz"),
        _ => return None,
    })
}

/// A select whose parameters are columns of the table of values.
fn of_values(select: &str) -> String {
    let mut text = String::with_capacity(select.len() * 2);
    let mut rest = select;
    while let Some((before, after)) = rest.split_once('$') {
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = after.split_at(digits);
        text.extend([before, r#""p"."v"#, number, "\""]);
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use entity::{AgentId, CustomerId, TypedId};

    use super::*;
    use crate::store::charges::{Charges, of_customer};

    fn parts(many: u128) -> Vec<Part> {
        let agent = AgentId::from_uuid(Uuid::from_u128(1));
        let window = Window {
            take: 5,
            ..Window::default()
        };
        let of = |n| CustomerId::from_uuid(Uuid::from_u128(n));
        let lists = (0..many).map(|n| of_customer(of(n), Some(agent), &Charges::default()));
        lists.map(|list| list.page(&window)).collect()
    }

    #[test]
    fn the_text_is_the_same_for_however_many_parents() {
        let [few, many] = [2, 20].map(|many| lateral(&parts(many)).expect("alike"));
        assert_eq!(few.sql, many.sql);
        assert!(few.sql.contains(r#""charge"."customer_id" = "p"."v1""#));
        assert!(!few.sql.contains("$3"), "two lists of values: {}", few.sql);
        assert!(few.sql.contains("LIMIT 6)"), "{}", few.sql);
    }

    #[test]
    fn parts_that_differ_in_more_than_values_are_no_table_of_values() {
        let mut parts = parts(2);
        parts[1].limit = Some(7);
        assert!(lateral(&parts).is_none());
        assert!(union(&parts).is_some());
    }
}
