//! What of an agent's commission was still inside the hold period when an event happened (E09).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::agent::AgentStatus;
use entity::agent_event::AgentEventKind;
use entity::{
    AgentId, CommissionId, Money, StandingId, TypedId, agent_event, agent_standing, commission,
    fraud_case, fraud_case_charge,
};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use crate::store::Db;
use crate::store::commissions::{held_by_cases, is_free, suspensions_that_ended_as};

/// The immature commission right after each of these events: events of one agent, in order and without gap, and the
/// commissions that they tell of. Two statements, however many they are, and a third where the agent's standing changed.
///
/// # Errors
/// The database's.
pub async fn immature(
    db: &Db,
    events: &[agent_event::Model],
    commissions: &[commission::Model],
) -> Result<Vec<Money>, DbErr> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return Ok(Vec::new());
    };
    let open = commission::Entity::find()
        .select_only()
        .filter(commission::Column::AgentId.eq(first.agent_id))
        .filter(is_free_at(first))
        .filter(commission::Column::MaturesAt.gt(first.occurred_at))
        .filter(known_at(first));
    let sum = || {
        let sum = Func::sum(Expr::col(commission::Column::Amount));
        Expr::expr(Func::coalesce([sum.into(), Expr::value(0_i64)])).cast_as("bigint")
    };
    let before: Option<Money> = open
        .clone()
        .column_as(sum(), "sum")
        .into_tuple()
        .one(db.reader())
        .await?;
    // What of it matured in the course of these events.
    let matured: Vec<(DateTime<Utc>, Money)> = open
        .filter(commission::Column::MaturesAt.lte(last.occurred_at))
        .column(commission::Column::MaturesAt)
        .column_as(sum(), "sum")
        .group_by(commission::Column::MaturesAt)
        .into_tuple()
        .all(db.reader())
        .await?;
    let told = |event: &agent_event::Model| {
        let id = CommissionId::from_uuid(event.subject_id);
        let is_commission = event.kind == AgentEventKind::Commission;
        // Not where it is told of again: held by a fraud case, or let go.
        let credited = |row: &&commission::Model| event.transaction_id == Some(row.transaction_id);
        let mut rows = commissions.iter().filter(|row| is_commission && !row.held);
        rows.find(|row| row.id == id).filter(credited)
    };
    let released = released(db, events).await?;
    let held = held_young(db, first, last).await?;
    let mut came: Vec<(DateTime<Utc>, Money)> = Vec::new();
    let mut figures = Vec::with_capacity(events.len());
    for (n, event) in events.iter().enumerate() {
        if n > 0 {
            came.extend(told(event).map(|row| (row.matures_at, row.amount)));
            let rows = released.get(&StandingId(event.subject_id));
            came.extend(rows.into_iter().flatten());
        }
        let now = event.occurred_at;
        let gone = matured.iter().filter(|(at, _)| *at <= now);
        let gone = gone.fold(Money::ZERO, |sum, (_, amount)| sum + *amount);
        let came = came.iter().filter(|(at, _)| *at > now);
        let came = came.fold(Money::ZERO, |sum, (_, amount)| sum + *amount);
        let held = held
            .iter()
            .filter(|row| row.opened_at <= now && now < row.matures_at);
        let held = held.fold(Money::ZERO, |sum, row| sum + row.held);
        figures.push(before.unwrap_or_default() - gone + came - held);
    }
    Ok(figures)
}

/// What was credited to the agent's commission, or released by an event up to this one (E22).
fn is_free_at(event: &agent_event::Model) -> Condition {
    use agent_standing::Column;
    let next = |column: Column| Expr::col(("n", column));
    let told = Query::select()
        .expr(Expr::value(1))
        .from(agent_event::Entity)
        .and_where(agent_event_of(event.agent_id))
        .and_where(Expr::col((agent_event::Entity, agent_event::Column::Seq)).lte(event.seq))
        .and_where(
            Expr::col((agent_event::Entity, agent_event::Column::SubjectId))
                .equals(("n", Column::Id)),
        )
        .to_owned();
    let same_instant = next(Column::Since)
        .eq(event.occurred_at)
        .and(Expr::exists(told));
    let mut released = suspensions_that_ended_as(AgentStatus::Active);
    released.and_where(Expr::col(("s", Column::AgentId)).eq(event.agent_id));
    released.and_where(next(Column::Since).lt(event.occurred_at).or(same_instant));
    Condition::any()
        .add(commission::Column::Held.eq(false))
        .add(commission::Column::SuspensionId.in_subquery(released))
}

/// What each reinstatement among these events released: when it matures, and how much it is.
async fn released(
    db: &Db,
    events: &[agent_event::Model],
) -> Result<HashMap<StandingId, Vec<(DateTime<Utc>, Money)>>, DbErr> {
    use agent_standing::Column;
    let standings = events
        .iter()
        .filter(|event| event.kind == AgentEventKind::Standing);
    let standings: Vec<Uuid> = standings.map(|event| event.subject_id).collect();
    if standings.is_empty() {
        return Ok(HashMap::new());
    }
    let mut these = suspensions_that_ended_as(AgentStatus::Active);
    these.and_where(Expr::col(("n", Column::Id)).is_in(standings));
    let next = Query::select()
        .column(("n", Column::Id))
        .from_as(agent_standing::Entity, "n")
        .join_as(
            JoinType::InnerJoin,
            agent_standing::Entity,
            "s",
            Expr::col(("s", Column::Id))
                .equals((commission::Entity, commission::Column::SuspensionId)),
        )
        .and_where(Expr::col(("n", Column::AgentId)).equals(("s", Column::AgentId)))
        .and_where(Expr::col(("n", Column::Ordinal)).eq(Expr::col(("s", Column::Ordinal)).add(1)))
        .to_owned();
    let rows: Vec<(StandingId, DateTime<Utc>, Money)> = commission::Entity::find()
        .select_only()
        .expr_as(Expr::SubQuery(None, Box::new(next.into())), "standing")
        .column(commission::Column::MaturesAt)
        .column(commission::Column::Amount)
        .filter(commission::Column::Held.eq(true))
        .filter(commission::Column::SuspensionId.in_subquery(these))
        .into_tuple()
        .all(db.reader())
        .await?;
    let mut released: HashMap<StandingId, Vec<(DateTime<Utc>, Money)>> = HashMap::new();
    for (standing, matures_at, amount) in rows {
        let of = released.entry(standing).or_default();
        of.push((matures_at, amount));
    }
    Ok(released)
}

/// What an open fraud case holds of a commission.
#[derive(FromQueryResult)]
struct HeldByCase {
    opened_at: DateTime<Utc>,
    matures_at: DateTime<Utc>,
    held: Money,
}

/// What cases that are open now held of what was immature between these events: it is no part of the commission's balance.
async fn held_young(
    db: &Db,
    first: &agent_event::Model,
    last: &agent_event::Model,
) -> Result<Vec<HeldByCase>, DbErr> {
    if last.held.is_zero() {
        return Ok(Vec::new());
    }
    let case = Expr::col((fraud_case::Entity, fraud_case::Column::Id));
    let case = case.equals((fraud_case_charge::Entity, fraud_case_charge::Column::CaseId));
    let mut rows = held_by_cases(&[first.agent_id]);
    QuerySelect::query(&mut rows).join(JoinType::InnerJoin, fraud_case::Entity, case);
    rows.column(fraud_case::Column::OpenedAt)
        .column(commission::Column::MaturesAt)
        .column(fraud_case_charge::Column::Held)
        .filter(commission::Column::MaturesAt.gt(first.occurred_at))
        .filter(is_free())
        .into_model()
        .all(db.reader())
        .await
}

/// The commissions that are told of up to this event. What shares an instant with it is told apart by position.
fn known_at(event: &agent_event::Model) -> Condition {
    let told = Query::select()
        .expr(Expr::value(1))
        .from(agent_event::Entity)
        .and_where(same_transaction())
        .and_where(agent_event_of(event.agent_id))
        .and_where(Expr::col((agent_event::Entity, agent_event::Column::Seq)).lte(event.seq))
        .to_owned();
    let same_instant = Condition::all()
        .add(commission::Column::CreatedAt.eq(event.occurred_at))
        .add(Expr::exists(told));
    Condition::any()
        .add(commission::Column::CreatedAt.lt(event.occurred_at))
        .add(same_instant)
}

fn same_transaction() -> Expr {
    Expr::col((agent_event::Entity, agent_event::Column::TransactionId)).eq(Expr::col((
        commission::Entity,
        commission::Column::TransactionId,
    )))
}

fn agent_event_of(agent: AgentId) -> Expr {
    Expr::col((agent_event::Entity, agent_event::Column::AgentId)).eq(agent)
}
