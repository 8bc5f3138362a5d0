//! The lock order of the whole program: agents' balance rows by id, then customers' by id, then the desk.

use std::collections::BTreeSet;

use entity::{AgentId, CustomerId, agent_balance, customer_balance, desk};
use sea_orm::{DatabaseTransaction, DbErr};

use super::bulk;

/// Locks these balance rows until the transaction ends, and reads them. An owner without a row is left out.
///
/// # Errors
/// The database's.
pub async fn lock_owners(
    txn: &DatabaseTransaction,
    agents: &BTreeSet<AgentId>,
    customers: &BTreeSet<CustomerId>,
) -> Result<(Vec<agent_balance::Model>, Vec<customer_balance::Model>), DbErr> {
    let agents: Vec<AgentId> = agents.iter().copied().collect();
    let customers: Vec<CustomerId> = customers.iter().copied().collect();
    let agents =
        bulk::find_locked::<agent_balance::Entity, _>(txn, agent_balance::Column::AgentId, &agents)
            .await?;
    let customers = bulk::find_locked::<customer_balance::Entity, _>(
        txn,
        customer_balance::Column::CustomerId,
        &customers,
    )
    .await?;
    Ok((agents, customers))
}

/// Locks the desk until the transaction ends: always last.
///
/// # Errors
/// The database's.
pub async fn lock_desk(txn: &DatabaseTransaction) -> Result<desk::Model, DbErr> {
    bulk::find_locked::<desk::Entity, _>(txn, desk::Column::Id, &[1])
        .await?
        .pop()
        .ok_or_else(|| DbErr::RecordNotFound("the desk's row".into()))
}
