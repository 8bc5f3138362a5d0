//! Fraud cases, and what they are about.

use entity::fraud_case::FraudCaseState;
use entity::{ChargeId, FraudCaseId, Money, charge, fraud_case, fraud_case_charge};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::bulk;
use super::pages::List;

/// Those in a state, or all; newest first.
#[must_use]
pub fn list(state: Option<FraudCaseState>) -> List<fraud_case::Entity> {
    let mut rows = fraud_case::Entity::find();
    if let Some(state) = state {
        rows = rows.filter(fraud_case::Column::State.eq(state));
    }
    List::newest_first("fraud cases", rows)
}

/// The charges of a case, the oldest first.
///
/// # Errors
/// The database's.
pub async fn charges(
    conn: &impl ConnectionTrait,
    case: FraudCaseId,
) -> Result<Vec<charge::Model>, DbErr> {
    let rows = of_case(conn, case).await?;
    let ids: Vec<ChargeId> = rows.iter().map(|row| row.charge_id).collect();
    let mut found = bulk::find_all::<charge::Entity, _>(conn, charge::Column::Id, &ids).await?;
    found.sort_by_key(|row| (row.occurred_at, row.id));
    Ok(found)
}

/// What a case holds.
///
/// # Errors
/// The database's.
pub async fn held(conn: &impl ConnectionTrait, case: FraudCaseId) -> Result<Money, DbErr> {
    let rows = of_case(conn, case).await?;
    Ok(rows.iter().map(|row| row.held).sum())
}

async fn of_case(
    conn: &impl ConnectionTrait,
    case: FraudCaseId,
) -> Result<Vec<fraud_case_charge::Model>, DbErr> {
    use fraud_case_charge::{Column, Entity};
    let rows = Entity::find().filter(Column::CaseId.eq(case));
    rows.order_by_asc(Column::ChargeId).all(conn).await
}
