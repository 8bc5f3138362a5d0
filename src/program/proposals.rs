//! What takes two operators: the first proposes it, the second asks for the same (E17).

use chrono::TimeDelta;
use entity::desk_event::DeskSubject;
use entity::proposal::{self, ProposalKind};
use entity::{LoginId, Money, Name, ProposalId, TypedId, transaction};

use super::Books;
use super::owner::Owner;

/// For how long a proposal can be seconded.
const GOOD_FOR: TimeDelta = TimeDelta::days(7);

/// What an operator asks for.
pub(super) struct Proposed<'a> {
    pub kind: ProposalKind,
    pub owner: Owner,
    pub amount: Money,
    pub reason: &'a Name,
}

/// Whether it may be done.
pub(super) enum Second {
    /// It is not over the limit.
    NotNeeded,
    /// Another operator proposed the same.
    Has(ProposalId),
    /// It is proposed, by now or by the same operator before.
    Waits(proposal::Model),
}

impl Proposed<'_> {
    /// The same kind, account and amount. The words may be others: those of the second stand in the books.
    fn is(&self, row: &proposal::Model) -> bool {
        row.kind == self.kind && row.amount == self.amount && self.owner == Owner::of(row)
    }
}

impl Books {
    /// Whether an act needs a second operator, and has one. One that has none yet is proposed, which the desk is told.
    pub(super) fn second(&mut self, by: LoginId, act: &Proposed<'_>) -> Second {
        let size = act.amount.max(-act.amount);
        if size <= self.terms.second_person_over {
            return Second::NotNeeded;
        }
        let open = self.proposals.iter().map(|(_, row)| row);
        let open = open.filter(|row| row.seconded_by.is_none() && self.now < row.expires_at);
        let same: Vec<&proposal::Model> = open.filter(|row| act.is(row)).collect();
        if let Some(other) = same.iter().find(|row| row.proposed_by != by) {
            return Second::Has(other.id);
        }
        if let Some(own) = same.first() {
            return Second::Waits((*own).clone());
        }
        let (customer_id, agent_id) = match act.owner {
            Owner::Customer(id) => (Some(id), None),
            Owner::Agent(id) => (None, Some(id)),
        };
        let row = proposal::Model {
            id: self.new_id(),
            kind: act.kind,
            customer_id,
            agent_id,
            amount: act.amount,
            reason: act.reason.clone(),
            proposed_by: by,
            created_at: self.now,
            expires_at: self.now + GOOD_FOR,
            seconded_by: None,
            seconded_at: None,
            transaction_id: None,
        };
        self.proposals.add(row.id, row.clone());
        self.tell_desk(DeskSubject::Proposal, row.id.uuid());
        Second::Waits(row)
    }

    /// Notes who seconded a proposal, and what was posted.
    pub(super) fn seconded(&mut self, id: ProposalId, by: LoginId, posted: &transaction::Model) {
        let now = self.now;
        self.proposals.change(&id, |row| {
            row.seconded_by = Some(by);
            row.seconded_at = Some(now);
            row.transaction_id = Some(posted.id);
        });
    }
}
