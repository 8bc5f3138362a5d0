//! What was charged before, with what it earned and how it was paid: for what is taken back.

use std::collections::{BTreeMap, BTreeSet};

use entity::entry::Account;
use entity::{ChargeId, CommissionId, TransactionId, charge, commission, entry};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, QueryFilter};

use crate::program::{Books, Earned};
use crate::store::bulk;

/// The charges that commands name by their ids; of those that are not there, nothing.
pub(super) async fn named(
    txn: &DatabaseTransaction,
    ids: &BTreeSet<ChargeId>,
) -> Result<Vec<charge::Model>, DbErr> {
    let ids: Vec<ChargeId> = ids.iter().copied().collect();
    bulk::find_all::<charge::Entity, _>(txn, charge::Column::Id, &ids).await
}

/// Puts charges on the books, with what they earned and what of it was taken back.
pub(super) async fn charges(
    txn: &DatabaseTransaction,
    books: &mut Books,
    charges: Vec<charge::Model>,
) -> Result<(), DbErr> {
    if charges.is_empty() {
        return Ok(());
    }
    earned(txn, books, &charges).await?;
    own_commission(txn, books, &charges).await?;
    for row in charges {
        let key = (row.source.clone(), row.external_id.clone());
        books.charge_keys.insert(row.id, key.clone());
        books.charges.load(key, row);
    }
    Ok(())
}

async fn earned(
    txn: &DatabaseTransaction,
    books: &mut Books,
    charges: &[charge::Model],
) -> Result<(), DbErr> {
    use commission::{Column, Entity};
    let of_agents = charges.iter().filter(|row| row.agent_id.is_some());
    let ids: Vec<ChargeId> = of_agents.map(|row| row.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    // As the index says it, in which there are no other rows.
    let earned = bulk::among::<Entity, _>(txn, Column::ChargeId, &ids)?;
    let earned = earned
        .filter(Expr::cust("kind = 'EARNED'"))
        .all(txn)
        .await?;
    let ids: Vec<CommissionId> = earned.iter().map(|row| row.id).collect();
    let clawbacks = bulk::find_all::<Entity, _>(txn, Column::ReversesId, &ids).await?;
    let mut past: BTreeMap<CommissionId, Earned> = earned
        .into_iter()
        .map(|row| (row.id, Earned::whole(row)))
        .collect();
    for clawback in clawbacks {
        let of = clawback.reverses_id.and_then(|id| past.get_mut(&id));
        if let Some(of) = of {
            of.take(&clawback);
        }
    }
    for earned in past.into_values() {
        if let Some(charge) = earned.row.charge_id {
            books.earned.load(charge, earned);
        }
    }
    Ok(())
}

/// What an agent paid with its commission on its own telephone account (E13): only the entries know.
async fn own_commission(
    txn: &DatabaseTransaction,
    books: &mut Books,
    charges: &[charge::Model],
) -> Result<(), DbErr> {
    use entry::{Column, Entity};
    let own = |row: &&charge::Model| {
        let file = books.customers.get(&row.customer_id);
        file.is_some_and(|file| file.own_of.is_some())
    };
    let mut paid: BTreeMap<TransactionId, ChargeId> = BTreeMap::new();
    for row in charges.iter().filter(own) {
        paid.extend(row.transaction_id.map(|transaction| (transaction, row.id)));
    }
    if paid.is_empty() {
        return Ok(());
    }
    let transactions: Vec<TransactionId> = paid.keys().copied().collect();
    let entries = bulk::among::<Entity, _>(txn, Column::TransactionId, &transactions)?
        .filter(Column::Account.eq(Account::AgentCommission))
        .filter(Column::Amount.lt(0))
        .all(txn)
        .await?;
    for entry in entries {
        if let Some(charge) = paid.get(&entry.transaction_id) {
            books.paid_with_commission.insert(*charge, -entry.amount);
        }
    }
    Ok(())
}
