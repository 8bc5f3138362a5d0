//! What was charged before, with what it earned and how it was paid: for what is taken back.

use std::collections::{BTreeMap, BTreeSet};

use entity::agent::AgentStatus;
use entity::charge::ChargeState;
use entity::entry::Account;
use entity::fraud_case::FraudCaseState;
use entity::{
    AgentId, ChargeId, CommissionId, FraudCaseId, Money, StandingId, TransactionId, charge,
    commission, entry, fraud_case, fraud_case_charge,
};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::program::{Books, Earned, MOST_CHARGES, Needs};
use crate::store::{bulk, commissions};

/// The charges that commands name by their ids, by their customers and times, or by their fraud cases; of those that are
/// not there, nothing.
pub(super) async fn named(
    txn: &DatabaseTransaction,
    needs: &Needs,
) -> Result<Vec<charge::Model>, DbErr> {
    use charge::{Column, Entity};
    let mut ids = needs.charge_ids.clone();
    if !needs.fraud_cases.is_empty() {
        ids.extend(of_cases(txn, needs).await?.iter().map(|row| row.charge_id));
    }
    let ids: Vec<ChargeId> = ids.into_iter().collect();
    let mut found = bulk::find_all::<Entity, _>(txn, Column::Id, &ids).await?;
    for (customer, span) in &needs.charges_of {
        let rows = Entity::find()
            .filter(Column::CustomerId.eq(*customer))
            .filter(Column::OccurredAt.gte(span.from))
            .filter(Column::OccurredAt.lt(span.to))
            // Those of other cases are passed over, and do not count.
            .filter(Column::State.is_not_in([ChargeState::FraudHeld, ChargeState::FraudConfirmed]))
            .order_by_asc(Column::OccurredAt)
            .order_by_asc(Column::Id)
            .limit(MOST_CHARGES as u64 + 1);
        found.extend(rows.all(txn).await?);
    }
    Ok(found)
}

async fn of_cases(
    txn: &DatabaseTransaction,
    needs: &Needs,
) -> Result<Vec<fraud_case_charge::Model>, DbErr> {
    use fraud_case_charge::{Column, Entity};
    let cases: Vec<FraudCaseId> = needs.fraud_cases.iter().copied().collect();
    bulk::find_all::<Entity, _>(txn, Column::CaseId, &cases).await
}

/// Puts fraud cases on the books: those that are named, with all their charges; the open ones about charges that are there;
/// and what open ones hold of agents.
pub(super) async fn cases(
    txn: &DatabaseTransaction,
    books: &mut Books,
    needs: &Needs,
) -> Result<(), DbErr> {
    use fraud_case_charge::{Column, Entity};
    let suspects = books.charges.iter().map(|(_, charge)| charge);
    let suspects = suspects.filter(|charge| charge.state == ChargeState::FraudHeld);
    let suspects: Vec<ChargeId> = suspects.map(|charge| charge.id).collect();
    let mut rows = bulk::find_all::<Entity, _>(txn, Column::ChargeId, &suspects).await?;
    let named: Vec<FraudCaseId> = needs.fraud_cases.iter().copied().collect();
    let mut ids: BTreeSet<FraudCaseId> = rows.iter().map(|row| row.case_id).collect();
    ids.extend(&named);
    let ids: Vec<FraudCaseId> = ids.into_iter().collect();
    let found = bulk::find_all::<fraud_case::Entity, _>(txn, fraud_case::Column::Id, &ids).await?;
    let open = found
        .iter()
        .filter(|case| case.state == FraudCaseState::Open);
    let open: BTreeSet<FraudCaseId> = open.map(|case| case.id).collect();
    rows.retain(|row| open.contains(&row.case_id));
    // Of a case that is decided they are of no use: their charges may be in another one by now.
    let of_named = of_cases(txn, needs).await?;
    rows.extend(
        of_named
            .into_iter()
            .filter(|row| open.contains(&row.case_id)),
    );
    for row in rows {
        books.case_charges.load(row.charge_id, row);
    }
    for case in found.into_iter().filter(|case| named.contains(&case.id)) {
        books.fraud_cases.load(case.id, case);
    }
    let mut agents = needs.fraud_held.clone();
    agents.extend(books.earned.iter().map(|(_, earned)| earned.row.agent_id));
    held(txn, books, agents).await
}

/// What open cases hold of these agents. A case that is decided holds nothing.
async fn held(
    txn: &DatabaseTransaction,
    books: &mut Books,
    agents: BTreeSet<AgentId>,
) -> Result<(), DbErr> {
    use fraud_case_charge::{Column, Entity};
    if agents.is_empty() {
        return Ok(());
    }
    let ids: Vec<AgentId> = agents.iter().copied().collect();
    let rows = bulk::among::<Entity, _>(txn, Column::AgentId, &ids)?
        .filter(Column::Held.gt(0))
        .all(txn)
        .await?;
    for agent in agents {
        let own = rows.iter().filter(|row| row.agent_id == Some(agent));
        let sum = own.map(|row| row.held).sum();
        books.fraud_held.load(agent, sum);
    }
    Ok(())
}

/// What open cases hold is no part of what is immature of these agents, free or under a suspension.
pub(super) async fn young(
    txn: &DatabaseTransaction,
    books: &mut Books,
    agents: &BTreeSet<AgentId>,
) -> Result<(), DbErr> {
    use fraud_case_charge::Column;
    let holds = |agent: &AgentId| {
        let balance = books.agent_balances.get(agent);
        balance.is_some_and(|balance| !balance.held.is_zero())
    };
    let ids: Vec<AgentId> = agents.iter().copied().filter(holds).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let rows: Vec<(AgentId, Money, Option<StandingId>)> = commissions::held_by_cases(&ids)
        .column(Column::AgentId)
        .column(Column::Held)
        .column(commission::Column::SuspensionId)
        .filter(commission::Column::MaturesAt.gt(books.now))
        .into_tuple()
        .all(txn)
        .await?;
    for (agent, held, suspension) in rows {
        let file = books.agents.get(&agent);
        let decided = suspension.map(|id| file.and_then(|file| file.decided(id)));
        let immature = match decided {
            None | Some(Some(AgentStatus::Active)) => &mut books.immature,
            Some(None | Some(AgentStatus::Suspended)) => &mut books.immature_held,
            Some(Some(AgentStatus::Closed)) => continue,
        };
        let rest = immature.get(&agent).copied().unwrap_or_default() - held;
        immature.load(agent, rest);
    }
    Ok(())
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
