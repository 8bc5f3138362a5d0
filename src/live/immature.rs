//! What of an agent's commission was still inside the hold period when an event happened (E09).

use entity::agent_event::AgentEventKind;
use entity::{AgentId, CommissionId, Money, TypedId, agent_event, commission};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::store::Db;

/// The immature commission right after each of these events: events of one agent, in order and without gap, and the
/// commissions that they tell of. Two statements, however many they are.
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
        .filter(commission::Column::Held.eq(false))
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
    let matured: Vec<(chrono::DateTime<chrono::Utc>, Money)> = open
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
        let mut rows = commissions.iter().filter(|row| is_commission && !row.held);
        rows.find(|row| row.id == id)
    };
    let mut came: Vec<&commission::Model> = Vec::new();
    let mut figures = Vec::with_capacity(events.len());
    for (n, event) in events.iter().enumerate() {
        if n > 0 {
            came.extend(told(event));
        }
        let now = event.occurred_at;
        let gone = matured.iter().filter(|(at, _)| *at <= now);
        let gone = gone.fold(Money::ZERO, |sum, (_, amount)| sum + *amount);
        let came = came.iter().filter(|row| row.matures_at > now);
        let came = came.fold(Money::ZERO, |sum, row| sum + row.amount);
        figures.push(before.unwrap_or_default() - gone + came);
    }
    Ok(figures)
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
