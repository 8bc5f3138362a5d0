//! Lists and sums of commissions.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveTime, Utc};
use entity::agent::AgentStatus;
use entity::commission::CommissionKind;
use entity::{
    AgentId, CustomerId, Exact, Money, agent_standing, commission, customer_day, fraud_case_charge,
};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter,
    QuerySelect, Select,
};

use super::pages::List;
use super::parts::Part;
use crate::program::Span;

/// Which commissions.
#[derive(Clone, Debug, Default)]
pub struct Commissions {
    /// Of any kind, if empty.
    pub kinds: Vec<CommissionKind>,
    /// On this customer.
    pub customer: Option<CustomerId>,
    /// Created from then on.
    pub from: Option<DateTime<Utc>>,
    /// Created before.
    pub to: Option<DateTime<Utc>>,
}

/// An agent's commissions, newest first.
#[must_use]
pub fn of_agent(agent: AgentId, which: &Commissions) -> List<commission::Entity> {
    use commission::Column;
    let mut rows = commission::Entity::find().filter(Column::AgentId.eq(agent));
    if !which.kinds.is_empty() {
        rows = rows.filter(Column::Kind.is_in(which.kinds.iter().copied()));
    }
    if let Some(customer) = which.customer {
        rows = rows.filter(Column::CustomerId.eq(customer));
    }
    if let Some(from) = which.from {
        rows = rows.filter(Column::CreatedAt.gte(from));
    }
    if let Some(to) = which.to {
        rows = rows.filter(Column::CreatedAt.lt(to));
    }
    List::newest_first("commissions", rows)
}

/// What is in an agent's commission, and not held: credited there, or released when it was reinstated (E22).
#[must_use]
pub fn is_free() -> Condition {
    use commission::Column;
    let released = suspensions_that_ended_as(AgentStatus::Active).clone();
    Condition::any()
        .add(Column::Held.eq(false))
        .add(Column::SuspensionId.in_subquery(released))
}

/// The suspensions after which an agent became this: in SQL `s` is the suspension, and `n` what came next.
#[must_use]
pub fn suspensions_that_ended_as(status: AgentStatus) -> SelectStatement {
    use agent_standing::Column;
    let (s, n) = (Alias::new("s"), Alias::new("n"));
    let of = |table: &Alias, column: Column| Expr::col((table.clone(), column));
    let next = of(&n, Column::AgentId)
        .equals((s.clone(), Column::AgentId))
        .and(of(&n, Column::Ordinal).eq(of(&s, Column::Ordinal).add(1)));
    Query::select()
        .column((s.clone(), Column::Id))
        .from_as(agent_standing::Entity, s.clone())
        .join_as(JoinType::InnerJoin, agent_standing::Entity, n.clone(), next)
        .and_where(of(&n, Column::Status).eq(status))
        .and_where(of(&s, Column::Status).eq(AgentStatus::Suspended))
        .to_owned()
}

/// What an agent was credited and is still inside the hold period (E09), as `n`.
#[must_use]
pub fn immature(agent: AgentId, now: DateTime<Utc>) -> Part {
    use commission::Column;
    let mut held = held_by_cases(&[agent])
        .filter(Column::MaturesAt.gt(now))
        .filter(is_free());
    let by_cases = (fraud_case_charge::Entity, fraud_case_charge::Column::Held);
    let held = QuerySelect::query(&mut held)
        .expr(total(Expr::col(by_cases)))
        .to_owned();
    let net = total(Expr::col(Column::Amount)).sub(Expr::SubQuery(None, Box::new(held.into())));
    let select = Query::select()
        .expr_as(net, "n")
        .from(commission::Entity)
        .and_where(Column::AgentId.eq(agent))
        .and_where(Column::MaturesAt.gt(now))
        .cond_where(is_free())
        .to_owned();
    sum(select)
}

/// What open fraud cases hold of these agents, with its commissions: no columns yet.
#[must_use]
pub fn held_by_cases(agents: &[AgentId]) -> Select<fraud_case_charge::Entity> {
    use fraud_case_charge::{Column, Entity};
    let commission = Expr::col((commission::Entity, commission::Column::Id));
    let mut rows = Entity::find().select_only();
    QuerySelect::query(&mut rows).join(
        JoinType::InnerJoin,
        commission::Entity,
        commission.equals((Entity, Column::CommissionId)),
    );
    rows.filter(Column::AgentId.is_in(agents.iter().copied()))
        .filter(Column::Held.gt(0))
}

/// What was earned on a customer less what was taken back, by one agent or by all, in a period or ever, as `n`.
#[must_use]
pub fn earned_on(customer: CustomerId, agent: Option<AgentId>, period: Option<Span>) -> Part {
    let whole_days = period.is_none_or(|period| {
        let ends = [period.from, period.to];
        ends.iter().all(|end| end.time() == NaiveTime::MIN)
    });
    if whole_days {
        by_day(customer, agent, period)
    } else {
        by_row(customer, agent, period)
    }
}

fn by_day(customer: CustomerId, agent: Option<AgentId>, period: Option<Span>) -> Part {
    use customer_day::Column;
    let net = Expr::col(Column::Earned).sub(Expr::col(Column::ClawedBack));
    let mut select = Query::select()
        .expr_as(total(net), "n")
        .from(customer_day::Entity)
        .and_where(Column::CustomerId.eq(customer))
        .to_owned();
    if let Some(agent) = agent {
        select.and_where(Column::AgentId.eq(agent));
    }
    if let Some(period) = period {
        select
            .and_where(Column::Day.gte(period.from.date_naive()))
            .and_where(Column::Day.lt(period.to.date_naive()));
    }
    sum(select)
}

fn by_row(customer: CustomerId, agent: Option<AgentId>, period: Option<Span>) -> Part {
    use commission::Column;
    let mut select = Query::select()
        .expr_as(total(Expr::col(Column::Amount)), "n")
        .from(commission::Entity)
        .and_where(Column::CustomerId.eq(customer))
        .to_owned();
    if let Some(agent) = agent {
        select.and_where(Column::AgentId.eq(agent));
    }
    if let Some(period) = period {
        select
            .and_where(Column::OccurredAt.gte(period.from))
            .and_where(Column::OccurredAt.lt(period.to));
    }
    sum(select)
}

/// What charges earned in a time, or what was taken back of it, before rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unrounded {
    /// What commission is due on; on what was taken back, below zero.
    pub base: Money,
    /// base × rate, each at its own.
    pub exact: Exact,
}

/// What an agent's charges earned in a time, and what was taken back then, by the rows themselves.
///
/// # Errors
/// The database's.
pub async fn unrounded(
    conn: &impl ConnectionTrait,
    agent: AgentId,
    span: Span,
) -> Result<BTreeMap<CommissionKind, Unrounded>, DbErr> {
    use commission::Column;
    let rows: Vec<(CommissionKind, Money, Exact)> = commission::Entity::find()
        .select_only()
        .column(Column::Kind)
        .column_as(total(Expr::col(Column::Base)), "base")
        .column_as(total(Expr::col(Column::Exact)), "exact")
        .filter(Column::AgentId.eq(agent))
        .filter(Column::OccurredAt.gte(span.from))
        .filter(Column::OccurredAt.lt(span.to))
        .filter(Column::Kind.ne(CommissionKind::Bonus))
        .group_by(Column::Kind)
        .into_tuple()
        .all(conn)
        .await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(kind, base, exact)| (kind, Unrounded { base, exact }))
        .collect())
}

fn sum(select: SelectStatement) -> Part {
    Part::new("sum", select)
}

/// The sum as a 64-bit integer on both databases, and zero of nothing.
fn total(of: impl Into<Expr>) -> Expr {
    let sum = Func::cast_as(Func::sum(of.into()), "bigint");
    Func::coalesce([Expr::expr(sum), Expr::value(0_i64)]).into()
}
