//! Lists of transactions, by whose accounts they touched.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::transaction::TransactionKind;
use entity::{AgentId, CustomerId, account_event, agent_event, entry, transaction};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, Select};
use uuid::Uuid;

use super::pages::List;

/// Which transactions.
#[derive(Clone, Debug, Default)]
pub struct Transactions {
    /// Of any kind, if empty.
    pub kinds: Vec<TransactionKind>,
    /// That occurred from then on.
    pub from: Option<DateTime<Utc>>,
    /// That occurred before.
    pub to: Option<DateTime<Utc>>,
}

impl Transactions {
    fn condition(&self) -> Option<Condition> {
        use transaction::Column;
        let mut all = Condition::all();
        if !self.kinds.is_empty() {
            all = all.add(Column::Kind.is_in(self.kinds.iter().copied()));
        }
        all = all.add_option(self.from.map(|from| Column::OccurredAt.gte(from)));
        all = all.add_option(self.to.map(|to| Column::OccurredAt.lt(to)));
        (!all.is_empty()).then_some(all)
    }

    /// Rows of events whose transaction is one of these.
    fn among<E: EntityTrait>(&self, rows: Select<E>, transaction: impl ColumnTrait) -> Select<E> {
        let Some(condition) = self.condition() else {
            return rows;
        };
        let one = Query::select()
            .expr(Expr::value(1))
            .from(transaction::Entity)
            .and_where(same(transaction::Column::Id, transaction))
            .cond_where(condition)
            .to_owned();
        rows.filter(Expr::exists(one))
    }
}

fn same(left: impl ColumnTrait, right: impl ColumnTrait) -> Expr {
    Expr::col(left.as_column_ref()).eq(Expr::col(right.as_column_ref()))
}

/// All of them, newest first.
#[must_use]
pub fn all(which: &Transactions) -> List<transaction::Entity> {
    let rows = transaction::Entity::find();
    let rows = match which.condition() {
        Some(condition) => rows.filter(condition),
        None => rows,
    };
    List::newest_first("transactions", rows)
}

/// Those that touched an agent's accounts, its own telephone account's among them.
#[must_use]
pub fn of_agent(agent: AgentId, which: &Transactions) -> List<agent_event::Entity> {
    use agent_event::Column;
    let rows = agent_event::Entity::find()
        .filter(Column::AgentId.eq(agent))
        .filter(Column::TransactionId.is_not_null());
    let rows = which.among(rows, Column::TransactionId);
    List::new("an agent's transactions", rows, [Column::Seq], Order::Desc)
}

/// Those that touched a telephone account; only those that touched one of these owners' accounts as well, where given.
#[must_use]
pub fn of_account(
    customer: CustomerId,
    shared_with: Option<BTreeSet<Uuid>>,
    which: &Transactions,
) -> List<account_event::Entity> {
    use account_event::Column;
    let mut rows = account_event::Entity::find().filter(Column::CustomerId.eq(customer));
    if let Some(owners) = shared_with {
        rows = rows.filter(Expr::exists(touched(owners)));
    }
    let rows = which.among(rows, Column::TransactionId);
    List::new(
        "an account's transactions",
        rows,
        [Column::Seq],
        Order::Desc,
    )
}

fn touched(owners: BTreeSet<Uuid>) -> SelectStatement {
    let transaction = account_event::Column::TransactionId;
    Query::select()
        .expr(Expr::value(1))
        .from(entry::Entity)
        .and_where(same(entry::Column::TransactionId, transaction))
        .and_where(entry::Column::OwnerId.is_in(owners))
        .to_owned()
}
