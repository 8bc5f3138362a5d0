//! Times of customers with agents, many at once.

use chrono::{DateTime, Utc};
use entity::customer::{self, Management};
use entity::{AgentId, CustomerId, affiliation, claim};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, JoinType, QueryFilter, QuerySelect,
};

/// Ends all of an agent's times with customers (E23), under its lock; answers the accounts that it managed. Its claim links
/// die, and what they were out for nobody manages.
///
/// # Errors
/// The database's.
pub async fn end_all(
    txn: &DatabaseTransaction,
    agent: AgentId,
    now: DateTime<Utc>,
) -> Result<Vec<CustomerId>, DbErr> {
    let its = Expr::col(customer::Column::Id).in_subquery(customers_of(agent));
    let managed: Vec<CustomerId> = customer::Entity::find()
        .select_only()
        .column(customer::Column::Id)
        .filter(its.clone())
        .filter(customer::Column::Management.ne(Management::Own))
        .into_tuple()
        .all(txn)
        .await?;
    if !managed.is_empty() {
        claim::Entity::update_many()
            .col_expr(claim::Column::SpentAt, Expr::value(now))
            .filter(claim::Column::SpentAt.is_null())
            .filter(Expr::col(claim::Column::CustomerId).in_subquery(managed_by(agent)))
            .exec(txn)
            .await?;
        customer::Entity::update_many()
            .col_expr(
                customer::Column::Management,
                Expr::value(Management::AgentManaged),
            )
            .filter(customer::Column::Management.eq(Management::PendingHandover))
            .filter(its)
            .exec(txn)
            .await?;
    }
    affiliation::Entity::update_many()
        .col_expr(affiliation::Column::Until, Expr::value(now))
        .filter(affiliation::Column::AgentId.eq(agent))
        .filter(affiliation::Column::Until.is_null())
        .exec(txn)
        .await?;
    Ok(managed)
}

fn customers_of(agent: AgentId) -> SelectStatement {
    Query::select()
        .column(affiliation::Column::CustomerId)
        .from(affiliation::Entity)
        .and_where(Expr::col(affiliation::Column::AgentId).eq(agent))
        .and_where(Expr::col(affiliation::Column::Until).is_null())
        .to_owned()
}

fn managed_by(agent: AgentId) -> SelectStatement {
    let id = (customer::Entity, customer::Column::Id);
    Query::select()
        .column(id)
        .from(customer::Entity)
        .join(
            JoinType::InnerJoin,
            affiliation::Entity,
            Expr::col((affiliation::Entity, affiliation::Column::CustomerId)).equals(id),
        )
        .and_where(Expr::col((affiliation::Entity, affiliation::Column::AgentId)).eq(agent))
        .and_where(Expr::col((affiliation::Entity, affiliation::Column::Until)).is_null())
        .and_where(Expr::col((customer::Entity, customer::Column::Management)).ne(Management::Own))
        .to_owned()
}
