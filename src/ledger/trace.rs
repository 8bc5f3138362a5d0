//! Follows money through the histories of accounts: whose they are has to be known before anything is locked.

use std::collections::BTreeSet;

use entity::{CustomerId, proposal, top_up, transfer};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};

use crate::program::lots::{Histories, Lots, Traced};
use crate::program::{Books, Needs, Owner};
use crate::store::{bulk, histories};

/// The histories of all accounts that some money came to.
#[derive(Default)]
pub(super) struct Trace {
    histories: Histories,
}

impl Trace {
    /// Follows the money to its end; what is needed then: the accounts that it came to, the charges that it paid for.
    ///
    /// What was read before is not read again, so that little is left to do under the locks.
    pub(super) async fn follow(
        &mut self,
        txn: &DatabaseTransaction,
        needs: &Needs,
    ) -> Result<Needs, DbErr> {
        let mut known: BTreeSet<CustomerId> = self.histories.keys().copied().collect();
        known.extend(origins(txn, needs).await?);
        let mut read: BTreeSet<CustomerId> = BTreeSet::new();
        loop {
            for account in known.difference(&read) {
                let lines = self.histories.entry(*account).or_default();
                let last = lines.last().map_or(0, |line| line.version);
                lines.extend(histories::after(txn, *account, last).await?);
            }
            read.clone_from(&known);
            let lots = Lots::replay(&self.histories);
            known.extend(lots.beyond(&needs.traced));
            if known.len() == read.len() {
                let mut needs = needs.clone();
                for traced in &needs.traced {
                    if let Traced::TopUp(id) = traced {
                        needs.charge_ids.extend(lots.paid_by(*id).into_keys());
                    }
                }
                needs.customers.extend(known);
                return Ok(needs);
            }
        }
    }

    /// What was read on the way.
    pub(super) fn into_histories(self) -> Histories {
        self.histories
    }
}

/// The accounts that the money first came to.
async fn origins(txn: &DatabaseTransaction, needs: &Needs) -> Result<Vec<CustomerId>, DbErr> {
    let (mut top_ups, mut transfers) = (Vec::new(), Vec::new());
    for traced in &needs.traced {
        match traced {
            Traced::TopUp(id) => top_ups.push(*id),
            Traced::Transfer(id) => transfers.push(*id),
        }
    }
    let top_ups = bulk::find_all::<top_up::Entity, _>(txn, top_up::Column::Id, &top_ups).await?;
    let column = transfer::Column::Id;
    let transfers = bulk::find_all::<transfer::Entity, _>(txn, column, &transfers).await?;
    let settled = top_ups
        .into_iter()
        .filter(|row| row.transaction_id.is_some());
    let accounts = settled.map(|row| row.customer_id);
    Ok(accounts
        .chain(transfers.into_iter().map(|row| row.customer_id))
        .collect())
}

/// Puts the proposals about some owners on the books that a second operator can still ask for (E17).
pub(super) async fn proposals(
    txn: &DatabaseTransaction,
    books: &mut Books,
    owners: &BTreeSet<Owner>,
) -> Result<(), DbErr> {
    use proposal::Column;
    if owners.is_empty() {
        return Ok(());
    }
    let about = owners.iter().fold(Condition::any(), |about, owner| {
        about.add(match owner {
            Owner::Customer(id) => Column::CustomerId.eq(*id),
            Owner::Agent(id) => Column::AgentId.eq(*id),
        })
    });
    let open = proposal::Entity::find()
        .filter(about)
        .filter(Column::TransactionId.is_null())
        .filter(Column::ExpiresAt.gt(books.now));
    for row in open.all(txn).await? {
        books.proposals.load(row.id, row);
    }
    Ok(())
}
