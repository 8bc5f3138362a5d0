//! Selects that are read together, whoever asks for each: pages of many parents are one statement.
//!
//! On `PostgreSQL` its text does not depend on how many they are, so that it stays prepared: the select is repeated for each
//! row of a table of values (`LATERAL`). Elsewhere, and where the selects differ in more than their values, they are joined
//! by `UNION ALL`.

use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use sea_orm::sea_query::{
    ArrayType, PostgresQueryBuilder, SelectStatement, SqliteQueryBuilder, Value,
};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

/// A select that can be read together with others of its shape.
#[derive(Clone, Debug)]
pub struct Part {
    shape: &'static str,
    /// Without its limit.
    select: SelectStatement,
    frame: Frame,
}

/// What is around a select.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Frame {
    keys: Vec<&'static str>,
    descending: bool,
    /// In the text, not among the values: the plan depends on it.
    limit: Option<u64>,
}

impl Part {
    /// Parts of the same `shape` answer the same columns.
    #[must_use]
    pub fn new(shape: &'static str, select: SelectStatement) -> Self {
        Self {
            shape,
            select,
            frame: Frame::default(),
        }
    }

    /// The order that the select has: by these columns, all in one direction.
    #[must_use]
    pub fn ordered(
        mut self,
        keys: impl IntoIterator<Item = &'static str>,
        descending: bool,
    ) -> Self {
        self.frame.keys = keys.into_iter().collect();
        self.frame.descending = descending;
        self
    }

    /// So many rows at most.
    #[must_use]
    pub fn limited(mut self, limit: u64) -> Self {
        self.frame.limit = Some(limit);
        self
    }

    /// As a database is asked it.
    #[must_use]
    pub fn asked(self, backend: DbBackend) -> Question {
        let (text, values) = match backend {
            DbBackend::Postgres => self.select.build(PostgresQueryBuilder),
            _ => self.select.build(SqliteQueryBuilder),
        };
        Question(Arc::new(Asked {
            shape: self.shape,
            text,
            values: values.into_iter().collect(),
            frame: self.frame,
        }))
    }
}

/// A part with its text: two with the same text and values are the same question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question(Arc<Asked>);

#[derive(Debug, PartialEq, Eq)]
struct Asked {
    shape: &'static str,
    text: String,
    values: Vec<Value>,
    frame: Frame,
}

/// By its values, in which those that meet in one place differ: its text is long, and looked at when these are the same.
impl Hash for Question {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.values.hash(state);
    }
}

impl Question {
    /// Those with the same columns can be read in one statement.
    #[must_use]
    pub fn shape(&self) -> &'static str {
        self.0.shape
    }
}

impl Frame {
    fn direction(&self) -> &'static str {
        if self.descending { " DESC" } else { "" }
    }

    fn limit(&self) -> String {
        self.limit
            .map_or_else(String::new, |n| format!(" LIMIT {n}"))
    }

    /// As the order of a table of that name.
    fn order(&self, table: &str) -> String {
        let keys = self.keys.iter();
        let keys = keys.map(|key| format!(r#""{table}"."{key}"{}"#, self.direction()));
        keys.collect::<Vec<_>>().join(", ")
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
    questions: &[&Question],
) -> Result<Vec<Vec<QueryResult>>, DbErr> {
    let backend = conn.get_database_backend();
    if let [Question(question)] = questions {
        let text = format!("{}{}", question.text, question.frame.limit());
        let values = question.values.iter().cloned();
        let statement = Statement::from_sql_and_values(backend, text, values);
        return Ok(vec![conn.query_all_raw(statement).await?]);
    }
    let mut answers: Vec<Vec<QueryResult>> = Vec::with_capacity(questions.len());
    for chunk in questions.chunks(PARTS) {
        let from = answers.len();
        answers.resize_with(from + chunk.len(), Vec::new);
        let lateral = (backend == DbBackend::Postgres).then(|| lateral(chunk));
        let statement = lateral.flatten().unwrap_or_else(|| union(backend, chunk));
        for row in conn.query_all_raw(statement).await? {
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
fn union(backend: DbBackend, parts: &[&Question]) -> Statement {
    let mut text = String::new();
    let mut values = Vec::new();
    for (nth, Question(part)) in parts.iter().enumerate() {
        let before = values.len();
        values.extend(part.values.iter().cloned());
        let select = if backend == DbBackend::Postgres {
            with_values(&part.text, |number| format!("${}", number + before))
        } else {
            part.text.clone()
        };
        let separator = if nth > 0 { " UNION ALL " } else { "" };
        let order = part.frame.order("rows");
        let order = if order.is_empty() {
            order
        } else {
            format!("ORDER BY {order}")
        };
        let limit = part.frame.limit();
        // A text is written to a `String`, which never fails.
        let _ = write!(
            text,
            r#"{separator}SELECT CAST({nth} AS bigint) AS "part_number", row_number() OVER ({order}) AS "row_place", "rows".* FROM ({select}{limit}) AS "rows""#
        );
    }
    text.push_str(r#" ORDER BY "part_number", "row_place""#);
    Statement::from_sql_and_values(backend, text, values)
}

/// The first part's select for the values of each, where they differ in these only.
fn lateral(parts: &[&Question]) -> Option<Statement> {
    let Question(first) = parts.first()?;
    let kinds = first.values.iter().map(kind).collect::<Option<Vec<_>>>()?;
    if kinds.is_empty() {
        return None;
    }
    let mut columns: Vec<Vec<Value>> = vec![Vec::with_capacity(parts.len()); kinds.len()];
    for Question(part) in parts {
        if part.text != first.text || part.frame != first.frame {
            return None;
        }
        for ((column, value), of) in columns.iter_mut().zip(part.values.iter()).zip(&kinds) {
            if kind(value).as_ref() != Some(of) {
                return None;
            }
            column.push(value.clone());
        }
    }
    let arrays = (1..)
        .zip(&kinds)
        .map(|(n, (_, kind))| format!("${n}::{kind}[]"));
    let names = (1..=kinds.len()).map(|n| format!(r#""v{n}""#));
    let order = first.frame.order("r");
    let comma = if order.is_empty() { "" } else { ", " };
    let text = format!(
        r#"SELECT "p"."part_number" - 1 AS "part_number", "r".* FROM unnest({}) WITH ORDINALITY AS "p" ({}, "part_number") CROSS JOIN LATERAL ({}{}) AS "r" ORDER BY "p"."part_number"{comma}{order}"#,
        arrays.collect::<Vec<_>>().join(", "),
        names.collect::<Vec<_>>().join(", "),
        with_values(&first.text, |number| format!(r#""p"."v{number}""#)),
        first.frame.limit(),
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

/// A select whose parameters, `$1` and so on, are written otherwise.
fn with_values(select: &str, written: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(select.len() * 2);
    let mut rest = select;
    while let Some((before, after)) = rest.split_once('$') {
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = after.split_at(digits);
        text.push_str(before);
        match number.parse() {
            Ok(number) => text.push_str(&written(number)),
            Err(_) => text.push('$'),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use entity::{AgentId, CustomerId, TypedId};
    use uuid::Uuid;

    use super::*;
    use crate::store::charges::{Charges, of_customer};
    use crate::store::pages::Window;

    fn questions(many: u128) -> Vec<Question> {
        let agent = AgentId::from_uuid(Uuid::from_u128(1));
        let window = Window {
            take: 5,
            ..Window::default()
        };
        let of = |n| CustomerId::from_uuid(Uuid::from_u128(n));
        let lists = (0..many).map(|n| of_customer(of(n), Some(agent), &Charges::default()));
        lists
            .map(|list| list.page(&window).asked(DbBackend::Postgres))
            .collect()
    }

    #[test]
    fn the_text_is_the_same_for_however_many_parents() {
        let [few, many] = [2, 20].map(|many| {
            let questions = questions(many);
            lateral(&questions.iter().collect::<Vec<_>>()).expect("alike")
        });
        assert_eq!(few.sql, many.sql);
        assert!(few.sql.contains(r#""charge"."customer_id" = "p"."v1""#));
        assert!(!few.sql.contains("$3"), "two lists of values: {}", few.sql);
        assert!(few.sql.contains("LIMIT 6)"), "{}", few.sql);
    }

    #[test]
    fn parts_that_differ_in_more_than_values_are_no_table_of_values() {
        let mut questions = questions(2);
        let window = Window {
            take: 6,
            ..Window::default()
        };
        let other = of_customer(
            CustomerId::from_uuid(Uuid::from_u128(9)),
            Some(AgentId::from_uuid(Uuid::from_u128(1))),
            &Charges::default(),
        );
        questions[1] = other.page(&window).asked(DbBackend::Postgres);
        let questions: Vec<_> = questions.iter().collect();
        assert!(lateral(&questions).is_none());
        let all = union(DbBackend::Postgres, &questions);
        assert!(all.sql.contains("LIMIT 7"), "{}", all.sql);
        assert!(all.sql.contains("$4"), "{}", all.sql);
        assert!(!all.sql.contains("$5"), "{}", all.sql);
    }
}
