//! What reports are made of: the roll-ups, and at the edges of a day in another time zone the rows themselves.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use entity::charge::ChargeKind;
use entity::{AgentId, CustomerId, Money, agent_balance};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryResult,
    QuerySelect, Statement, Value,
};
use serde_json::json;

use crate::program::Span;

/// Sums over a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub charges: i64,
    pub calls: i64,
    pub call_seconds: i64,
    /// Paid for, in cash or promotional credit.
    pub spent: Money,
    /// What commission is due on.
    pub base: Money,
    pub earned: Money,
    pub clawed_back: Money,
}

impl Figures {
    /// Adds another time's sums, or another customer's.
    pub fn add(&mut self, other: &Self) {
        self.charges += other.charges;
        self.calls += other.calls;
        self.call_seconds += other.call_seconds;
        self.spent += other.spent;
        self.base += other.base;
        self.earned += other.earned;
        self.clawed_back += other.clawed_back;
    }

    /// The sums of several.
    #[must_use]
    pub fn total<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut total = Self::default();
        for figures in all {
            total.add(figures);
        }
        total
    }

    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        Ok(Self {
            charges: row.try_get("", "charges")?,
            calls: row.try_get("", "calls")?,
            call_seconds: row.try_get("", "call_seconds")?,
            spent: row.try_get("", "spent")?,
            base: row.try_get("", "base")?,
            earned: row.try_get("", "earned")?,
            clawed_back: row.try_get("", "clawed_back")?,
        })
    }
}

/// What a customer did while it was an agent's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doings {
    pub figures: Figures,
    pub last_charge_at: Option<DateTime<Utc>>,
}

const SUMS: &str = "CAST(SUM(s.charges) AS bigint) AS charges, CAST(SUM(s.calls) AS bigint) AS calls, \
    CAST(SUM(s.call_seconds) AS bigint) AS call_seconds, CAST(SUM(s.spent) AS bigint) AS spent, \
    CAST(SUM(s.base) AS bigint) AS base, CAST(SUM(s.earned) AS bigint) AS earned, \
    CAST(SUM(s.clawed_back) AS bigint) AS clawed_back";

/// The sums of each span, by its place in `spans`; of one agent, or of all. Spans begin and end at quarters of an hour.
/// One in which nothing happened is left out.
///
/// # Errors
/// The database's.
pub async fn by_span(
    conn: &impl ConnectionTrait,
    agent: Option<AgentId>,
    spans: &[Span],
) -> Result<BTreeMap<usize, Figures>, DbErr> {
    let written = |at: DateTime<Utc>| at.to_rfc3339();
    let rows = spans.iter().enumerate();
    let rows =
        rows.map(|(n, span)| json!({"n": n, "a": written(span.from), "z": written(span.to)}));
    let given = serde_json::Value::Array(rows.collect()).to_string();
    let (of, values) = of_agent(agent, "s.agent_id", vec![given.into()]);
    let sql = match conn.get_database_backend() {
        // Each span for itself: as a join, all that the agent ever did is held against every span.
        DbBackend::Postgres => format!(
            "SELECT r.n AS n, t.* FROM json_to_recordset($1::json) AS r(n bigint, a timestamptz, z timestamptz) \
             CROSS JOIN LATERAL (SELECT {SUMS} FROM agent_slot s WHERE s.slot >= r.a AND s.slot < r.z{of} \
             HAVING COUNT(*) > 0) AS t"
        ),
        _ => format!(
            "SELECT r.value->>'n' AS n, {SUMS} FROM json_each($1) r \
             JOIN agent_slot s ON s.slot >= r.value->>'a' AND s.slot < r.value->>'z'{of} GROUP BY r.value->>'n'"
        ),
    };
    grouped(conn, sql, values, |row| {
        let n: i64 = row.try_get("", "n")?;
        Ok(usize::try_from(n).unwrap_or_default())
    })
    .await
}

/// The sums of each kind of charge; of one agent, or of all.
///
/// # Errors
/// The database's.
pub async fn by_kind(
    conn: &impl ConnectionTrait,
    agent: Option<AgentId>,
    span: Span,
) -> Result<BTreeMap<ChargeKind, Figures>, DbErr> {
    let (of, values) = of_agent(agent, "s.agent_id", vec![span.from.into(), span.to.into()]);
    let sql = format!(
        "SELECT s.kind AS kind, {SUMS} FROM agent_slot s WHERE s.slot >= $1 AND s.slot < $2{of} GROUP BY s.kind"
    );
    grouped(conn, sql, values, |row| row.try_get("", "kind")).await
}

/// The sums of each agent.
///
/// # Errors
/// The database's.
pub async fn by_agent(
    conn: &impl ConnectionTrait,
    agent: Option<AgentId>,
    span: Span,
) -> Result<BTreeMap<AgentId, Figures>, DbErr> {
    let (of, values) = of_agent(agent, "s.agent_id", vec![span.from.into(), span.to.into()]);
    let sql = format!(
        "SELECT s.agent_id AS agent_id, {SUMS} FROM agent_slot s \
         WHERE s.slot >= $1 AND s.slot < $2{of} GROUP BY s.agent_id"
    );
    grouped(conn, sql, values, |row| row.try_get("", "agent_id")).await
}

/// What each customer did; of one agent, or of all. Whole UTC days come from the roll-ups; what a day of another time zone
/// cuts off of a UTC day, from the charges and commissions themselves.
///
/// # Errors
/// The database's.
pub async fn by_customer(
    conn: &impl ConnectionTrait,
    agent: Option<AgentId>,
    span: Span,
) -> Result<BTreeMap<(AgentId, CustomerId), Doings>, DbErr> {
    let mut all = BTreeMap::new();
    let (days, edges) = cut(span);
    if let Some((first, end)) = days {
        whole_days(conn, agent, first, end, &mut all).await?;
    }
    for edge in edges {
        edge_charges(conn, agent, edge, &mut all).await?;
        edge_commissions(conn, agent, edge, &mut all).await?;
    }
    Ok(all)
}

/// The whole UTC days within a span, if any, and what is left before and behind them.
fn cut(span: Span) -> (Option<(NaiveDate, NaiveDate)>, Vec<Span>) {
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let mut first = span.from.date_naive();
    if midnight(first) < span.from {
        first = first.succ_opt().unwrap_or(first);
    }
    let end = span.to.date_naive();
    if first >= end {
        return (None, vec![span]);
    }
    let before = Span {
        from: span.from,
        to: midnight(first),
    };
    let behind = Span {
        from: midnight(end),
        to: span.to,
    };
    let edges = [before, behind].into_iter();
    let edges = edges.filter(|edge| edge.from < edge.to).collect();
    (Some((first, end)), edges)
}

type All = BTreeMap<(AgentId, CustomerId), Doings>;

fn owner(row: &QueryResult) -> Result<(AgentId, CustomerId), DbErr> {
    Ok((
        row.try_get("", "agent_id")?,
        row.try_get("", "customer_id")?,
    ))
}

fn take_in(all: &mut All, row: &QueryResult) -> Result<(), DbErr> {
    let doings = all.entry(owner(row)?).or_default();
    doings.figures.add(&Figures::read(row)?);
    let last: Option<DateTime<Utc>> = row.try_get("", "last_charge_at")?;
    doings.last_charge_at = doings.last_charge_at.max(last);
    Ok(())
}

async fn whole_days(
    conn: &impl ConnectionTrait,
    agent: Option<AgentId>,
    first: NaiveDate,
    end: NaiveDate,
    all: &mut All,
) -> Result<(), DbErr> {
    let (of, values) = of_agent(agent, "s.agent_id", vec![first.into(), end.into()]);
    let sql = format!(
        "SELECT s.agent_id AS agent_id, s.customer_id AS customer_id, {SUMS}, MAX(s.last_charge_at) AS last_charge_at \
         FROM customer_day s WHERE s.day >= $1 AND s.day < $2{of} GROUP BY s.agent_id, s.customer_id"
    );
    for row in rows(conn, sql, values).await? {
        take_in(all, &row)?;
    }
    Ok(())
}

async fn edge_charges(
    conn: &impl ConnectionTrait,
    agent: Option<AgentId>,
    edge: Span,
    all: &mut All,
) -> Result<(), DbErr> {
    let (of, values) = of_agent(agent, "c.agent_id", vec![edge.from.into(), edge.to.into()]);
    let sql = format!(
        "SELECT c.agent_id AS agent_id, c.customer_id AS customer_id, CAST(COUNT(*) AS bigint) AS charges, \
         CAST(SUM(CASE WHEN c.kind = 'CALL' THEN 1 ELSE 0 END) AS bigint) AS calls, \
         CAST(SUM(COALESCE(c.call_seconds, 0)) AS bigint) AS call_seconds, CAST(SUM(c.amount) AS bigint) AS spent, \
         CAST(0 AS bigint) AS base, CAST(0 AS bigint) AS earned, CAST(0 AS bigint) AS clawed_back, \
         MAX(c.occurred_at) AS last_charge_at FROM charge c \
         WHERE c.agent_id IS NOT NULL AND c.occurred_at >= $1 AND c.occurred_at < $2{of} \
         GROUP BY c.agent_id, c.customer_id"
    );
    for row in rows(conn, sql, values).await? {
        take_in(all, &row)?;
    }
    Ok(())
}

async fn edge_commissions(
    conn: &impl ConnectionTrait,
    agent: Option<AgentId>,
    edge: Span,
    all: &mut All,
) -> Result<(), DbErr> {
    let (of, values) = of_agent(agent, "c.agent_id", vec![edge.from.into(), edge.to.into()]);
    let sql = format!(
        "SELECT c.agent_id AS agent_id, c.customer_id AS customer_id, \
         CAST(0 AS bigint) AS charges, CAST(0 AS bigint) AS calls, CAST(0 AS bigint) AS call_seconds, \
         CAST(0 AS bigint) AS spent, \
         CAST(SUM(CASE WHEN c.kind = 'EARNED' THEN c.base ELSE 0 END) AS bigint) AS base, \
         CAST(SUM(CASE WHEN c.kind = 'EARNED' THEN c.amount ELSE 0 END) AS bigint) AS earned, \
         CAST(SUM(CASE WHEN c.kind = 'CLAWBACK' THEN -c.amount ELSE 0 END) AS bigint) AS clawed_back \
         FROM commission c WHERE c.customer_id IS NOT NULL AND c.occurred_at >= $1 AND c.occurred_at < $2{of} \
         GROUP BY c.agent_id, c.customer_id"
    );
    for row in rows(conn, sql, values).await? {
        let doings = all.entry(owner(&row)?).or_default();
        doings.figures.add(&Figures::read(&row)?);
    }
    Ok(())
}

/// What an operator gave an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bonus {
    pub agent: AgentId,
    pub at: DateTime<Utc>,
    pub amount: Money,
}

impl Bonus {
    /// As reports have it: earned, on no charge.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures {
            earned: self.amount,
            ..Figures::default()
        }
    }
}

/// The bonuses of a span; of one agent, or of all. They are few, and read from their rows.
///
/// # Errors
/// The database's.
pub async fn bonuses(
    conn: &impl ConnectionTrait,
    agent: Option<AgentId>,
    span: Span,
) -> Result<Vec<Bonus>, DbErr> {
    let (of, values) = of_agent(agent, "c.agent_id", vec![span.from.into(), span.to.into()]);
    let sql = format!(
        "SELECT c.agent_id AS agent_id, c.occurred_at AS at, c.amount AS amount FROM commission c \
         WHERE c.kind = 'BONUS' AND c.occurred_at >= $1 AND c.occurred_at < $2{of}"
    );
    let found = rows(conn, sql, values).await?;
    let read = |row: &QueryResult| {
        Ok(Bonus {
            agent: row.try_get("", "agent_id")?,
            at: row.try_get("", "at")?,
            amount: row.try_get("", "amount")?,
        })
    };
    found.iter().map(read).collect()
}

/// How many customers came to each agent in a span.
///
/// # Errors
/// The database's.
pub async fn signups(
    conn: &impl ConnectionTrait,
    agent: Option<AgentId>,
    span: Span,
) -> Result<BTreeMap<AgentId, i64>, DbErr> {
    let (of, values) = of_agent(agent, "a.agent_id", vec![span.from.into(), span.to.into()]);
    let sql = format!(
        "SELECT a.agent_id AS agent_id, CAST(COUNT(*) AS bigint) AS n FROM affiliation a \
         WHERE a.since >= $1 AND a.since < $2{of} GROUP BY a.agent_id"
    );
    let found = rows(conn, sql, values).await?;
    let read = |row: &QueryResult| Ok((row.try_get("", "agent_id")?, row.try_get("", "n")?));
    found.iter().map(read).collect()
}

/// The customers among these that are this agent's now; of all agents, where none is named.
///
/// # Errors
/// The database's.
pub async fn still_with(
    conn: &impl ConnectionTrait,
    agent: AgentId,
) -> Result<BTreeSet<CustomerId>, DbErr> {
    let ids: Vec<CustomerId> = entity::affiliation::Entity::find()
        .select_only()
        .column(entity::affiliation::Column::CustomerId)
        .filter(entity::affiliation::Column::AgentId.eq(agent))
        .filter(entity::affiliation::Column::Until.is_null())
        .into_tuple()
        .all(conn)
        .await?;
    Ok(ids.into_iter().collect())
}

/// The position of an agent's newest event: what comes behind it is in no report read in the same transaction.
///
/// # Errors
/// The database's.
pub async fn position(conn: &impl ConnectionTrait, agent: AgentId) -> Result<i64, DbErr> {
    let row = agent_balance::Entity::find_by_id(agent).one(conn).await?;
    Ok(row.map_or(0, |row| row.event_seq))
}

/// The end of a condition that holds for one agent, where one is named, with the value behind the others.
fn of_agent(agent: Option<AgentId>, column: &str, mut values: Vec<Value>) -> (String, Vec<Value>) {
    let Some(agent) = agent else {
        return (String::new(), values);
    };
    values.push(agent.into());
    (format!(" AND {column} = ${}", values.len()), values)
}

async fn rows(
    conn: &impl ConnectionTrait,
    sql: String,
    values: Vec<Value>,
) -> Result<Vec<QueryResult>, DbErr> {
    let backend = conn.get_database_backend();
    conn.query_all_raw(Statement::from_sql_and_values(backend, sql, values))
        .await
}

async fn grouped<K: Ord>(
    conn: &impl ConnectionTrait,
    sql: String,
    values: Vec<Value>,
    key: impl Fn(&QueryResult) -> Result<K, DbErr>,
) -> Result<BTreeMap<K, Figures>, DbErr> {
    let found = rows(conn, sql, values).await?;
    let read = |row: &QueryResult| Ok((key(row)?, Figures::read(row)?));
    found.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &str, to: &str) -> Span {
        Span {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn e34_a_span_is_cut_into_whole_utc_days_and_edges() {
        let utc = span("2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z");
        let days = Some((day("2026-11-01"), day("2026-11-03")));
        assert_eq!(cut(utc), (days, vec![]));
        let berlin = span("2026-10-31T23:00:00Z", "2026-11-02T23:00:00Z");
        let edges = vec![
            span("2026-10-31T23:00:00Z", "2026-11-01T00:00:00Z"),
            span("2026-11-02T00:00:00Z", "2026-11-02T23:00:00Z"),
        ];
        let days = Some((day("2026-11-01"), day("2026-11-02")));
        assert_eq!(cut(berlin), (days, edges));
        let within = span("2026-11-01T05:00:00Z", "2026-11-02T05:00:00Z");
        assert_eq!(cut(within), (None, vec![within]));
    }
}
