//! Statements: what an owner's accounts held at an instant, and what moved them after it.
//!
//! The events of an account are numbered under its lock, and each tells what the account held right after it. So an
//! instant becomes a position by halving, and a statement is one range of positions, whatever the length of the history.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::entry::Account;
use entity::transaction::TransactionKind;
use entity::{
    AgentId, CustomerId, Money, Name, TransactionId, account_event, agent_event, customer_balance,
};
use sea_orm::{
    ActiveEnum, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryResult, Statement, Value,
};
use serde::{Deserialize, Serialize};

use crate::program::Span;

/// Whose money a statement is about: a telephone account's cash and promotional credit; or an agent's funding (the cash
/// of its own telephone account), commission, held and reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub account: CustomerId,
    /// Whose own telephone account it is, where the statement is the agent's.
    pub agent: Option<AgentId>,
}

/// A range of an owner's events: behind the first position, up to the second, itself included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    pub behind: i64,
    pub up_to: i64,
}

/// A span as positions in the owner's streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    pub account: Range,
    /// Empty where the statement is no agent's.
    pub agent: Range,
}

/// What moved on one of the accounts by one kind of transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub kind: TransactionKind,
    pub account: Account,
    /// How many transactions.
    pub count: i64,
    pub amount: Money,
}

/// One entry on one of the owner's accounts, with the transaction that it is of.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Moved {
    /// The place in the stream that was read.
    pub seq: i64,
    pub id: TransactionId,
    pub kind: TransactionKind,
    pub description: Name,
    pub occurred_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub account: Account,
    pub amount: Money,
    pub balance_after: Money,
}

/// A stream of events: an account's or an agent's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventsOf {
    /// `account_event`.
    Account(CustomerId),
    /// `agent_event`.
    Agent(AgentId),
}

impl EventsOf {
    fn table(self) -> &'static str {
        match self {
            Self::Account(_) => "account_event",
            Self::Agent(_) => "agent_event",
        }
    }

    fn column(self) -> &'static str {
        match self {
            Self::Account(_) => "customer_id",
            Self::Agent(_) => "agent_id",
        }
    }

    fn owner(self) -> Value {
        match self {
            Self::Account(id) => id.into(),
            Self::Agent(id) => id.into(),
        }
    }
}

/// The positions of a span.
///
/// # Errors
/// The database's.
pub async fn bounds(
    conn: &impl ConnectionTrait,
    owner: Owner,
    span: Span,
) -> Result<Bounds, DbErr> {
    let account = EventsOf::Account(owner.account);
    let mut bounds = Bounds {
        account: range(conn, account, span).await?,
        agent: Range::default(),
    };
    if let Some(agent) = owner.agent {
        bounds.agent = range(conn, EventsOf::Agent(agent), span).await?;
    }
    Ok(bounds)
}

async fn range(conn: &impl ConnectionTrait, of: EventsOf, span: Span) -> Result<Range, DbErr> {
    Ok(Range {
        behind: before(conn, of, span.from).await?,
        up_to: before(conn, of, span.to).await?,
    })
}

/// The position of the last event before an instant, by powers of two from above: as many looks as the position has
/// digits, and the same answer however far the stream has grown since.
async fn before(
    conn: &impl ConnectionTrait,
    of: EventsOf,
    at: DateTime<Utc>,
) -> Result<i64, DbErr> {
    let (table, column) = (of.table(), of.column());
    let sql = format!(
        "WITH RECURSIVE search(place, step) AS ( \
           SELECT CAST(0 AS bigint), CAST(1099511627776 AS bigint) \
           UNION ALL SELECT CASE WHEN (SELECT v.occurred_at FROM {table} v WHERE v.{column} = $1 \
             AND v.seq = place + step) < $2 THEN place + step ELSE place END, step / 2 \
           FROM search WHERE step > 0) \
         SELECT place FROM search WHERE step = 0"
    );
    let rows = rows(conn, sql, vec![of.owner(), at.into()]).await?;
    let place = rows.first().map(|row| row.try_get("", "place"));
    Ok(place.transpose()?.unwrap_or_default())
}

/// What each of the accounts held at the ends of a range: at its beginning, and at its end.
///
/// # Errors
/// The database's.
pub async fn balances(
    conn: &impl ConnectionTrait,
    owner: Owner,
    bounds: Bounds,
) -> Result<BTreeMap<Account, (Money, Money)>, DbErr> {
    let opening = balances_at(conn, owner, bounds.account.behind, bounds.agent.behind).await?;
    let closing = balances_at(conn, owner, bounds.account.up_to, bounds.agent.up_to).await?;
    let both = opening.into_iter().zip(closing);
    Ok(both
        .map(|((account, from), (_, to))| (account, (from, to)))
        .collect())
}

/// In the same order whatever the positions.
async fn balances_at(
    conn: &impl ConnectionTrait,
    owner: Owner,
    account: i64,
    agent: i64,
) -> Result<Vec<(Account, Money)>, DbErr> {
    let event = account_event::Entity::find_by_id((owner.account, account));
    let event = event.one(conn).await?;
    let (cash, promo) = event.map_or_else(Default::default, |event| (event.cash, event.promo));
    let Some(id) = owner.agent else {
        return Ok(vec![
            (Account::CustomerCash, cash),
            (Account::CustomerPromo, promo),
        ]);
    };
    let event = agent_event::Entity::find_by_id((id, agent))
        .one(conn)
        .await?;
    let [commission, held, reserved] = event.map_or_else(Default::default, |event| {
        [event.commission, event.held, event.reserved]
    });
    Ok(vec![
        (Account::CustomerCash, cash),
        (Account::AgentCommission, commission),
        (Account::AgentHeld, held),
        (Account::AgentReserved, reserved),
    ])
}

/// What moved, by kind and account.
///
/// # Errors
/// The database's.
pub async fn lines(
    conn: &impl ConnectionTrait,
    owner: Owner,
    bounds: Bounds,
) -> Result<Vec<Line>, DbErr> {
    let mut values: Vec<Value> = vec![
        owner.account.into(),
        bounds.account.behind.into(),
        bounds.account.up_to.into(),
    ];
    let mut moved = "SELECT transaction_id FROM account_event \
        WHERE customer_id = $1 AND seq > $2 AND seq <= $3"
        .to_owned();
    if let Some(agent) = owner.agent {
        values.extend([
            agent.into(),
            bounds.agent.behind.into(),
            bounds.agent.up_to.into(),
        ]);
        moved.push_str(
            " UNION SELECT transaction_id FROM agent_event \
             WHERE agent_id = $4 AND seq > $5 AND seq <= $6 AND transaction_id IS NOT NULL",
        );
    }
    let own = own_entries(owner, "$1", "$4");
    let sql = format!(
        r#"SELECT t.kind AS kind, e.account AS account, CAST(COUNT(*) AS bigint) AS count, CAST(SUM(e.amount) AS bigint) AS amount
           FROM ({moved}) AS m JOIN "transaction" t ON t.id = m.transaction_id
           JOIN entry e ON e.transaction_id = m.transaction_id AND {own}
           GROUP BY t.kind, e.account ORDER BY t.kind, e.account"#
    );
    let read = |row: &QueryResult| {
        Ok(Line {
            kind: row.try_get("", "kind")?,
            account: Account::try_from_value(&row.try_get("", "account")?)?,
            count: row.try_get("", "count")?,
            amount: row.try_get("", "amount")?,
        })
    };
    rows(conn, sql, values).await?.iter().map(read).collect()
}

/// The entries of a stretch of a stream, in its order: at most of so many events. Those of a transaction with several
/// events come with each of them.
///
/// # Errors
/// The database's.
pub async fn entries(
    conn: &impl ConnectionTrait,
    owner: Owner,
    of: EventsOf,
    range: Range,
) -> Result<Vec<Moved>, DbErr> {
    let (table, column) = (of.table(), of.column());
    let own = own_entries(owner, "$4", "$5");
    let mut values = vec![
        of.owner(),
        range.behind.into(),
        range.up_to.into(),
        owner.account.into(),
    ];
    values.extend(owner.agent.map(Value::from));
    // From before somebody became an agent, its own account's events are no agent's events.
    let untold = if owner.agent.is_some() && matches!(of, EventsOf::Account(_)) {
        "AND NOT EXISTS (SELECT 1 FROM agent_event a WHERE a.transaction_id = t.id AND a.agent_id = $5)"
    } else {
        ""
    };
    let sql = format!(
        r#"SELECT v.seq AS seq, t.id AS id, t.kind AS kind, t.description AS description, t.occurred_at AS occurred_at,
             t.created_at AS created_at, e.account AS account, e.amount AS amount, e.balance_after AS balance_after
           FROM {table} v JOIN "transaction" t ON t.id = v.transaction_id
           JOIN entry e ON e.transaction_id = t.id AND {own}
           WHERE v.{column} = $1 AND v.seq > $2 AND v.seq <= $3 {untold} ORDER BY v.seq, e.line"#
    );
    let found = rows(conn, sql, values).await?;
    found
        .iter()
        .map(|row| Moved::from_query_result(row, ""))
        .collect()
}

/// The condition of an entry `e` on one of the owner's accounts.
fn own_entries(owner: Owner, account: &str, agent: &str) -> String {
    match owner.agent {
        None => {
            format!("e.owner_id = {account} AND e.account IN ('customer:cash', 'customer:promo')")
        }
        Some(_) => format!(
            "((e.owner_id = {account} AND e.account = 'customer:cash') OR e.owner_id = {agent})"
        ),
    }
}

/// Whether there is such an account.
///
/// # Errors
/// The database's.
pub async fn exists(conn: &impl ConnectionTrait, account: CustomerId) -> Result<bool, DbErr> {
    let row = customer_balance::Entity::find_by_id(account)
        .one(conn)
        .await?;
    Ok(row.is_some())
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
