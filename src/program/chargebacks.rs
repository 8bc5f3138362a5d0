//! Payments that fail, or are charged back: with the commission on what they had paid for (E29).

use std::collections::BTreeMap;

use entity::top_up::{TopUpMethod, TopUpState};
use entity::transaction::{Cause, TransactionKind};
use entity::{AgentId, ChargeId, Money, Name, TopUpId, TransactionId, TypedId, top_up};
use serde::Serialize;

use super::lots::{Lots, Traced};
use super::posting::{Place, Posting, line};
use super::top_ups::clearing;
use super::{Books, Command, Needs, Noted, Reason, Refusal};

/// An operator or a processor says that a top-up failed, or that its money was taken back.
#[derive(Clone, Debug, Serialize)]
pub struct ReverseTopUp {
    pub top_up: TopUpId,
    /// Of the failure, or of the chargeback.
    pub reference: Name,
}

impl Command for ReverseTopUp {
    const NAME: &'static str = "reverseTopUp";
    type Outcome = top_up::Model;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        Some(Noted::about(done.id).moves(Some(done.amount), &self.reference))
    }

    fn needs(&self, needs: &mut Needs) {
        needs.top_ups.insert(self.top_up);
        needs.traced.insert(Traced::TopUp(self.top_up));
    }

    fn alone(&self) -> bool {
        true
    }

    /// # Errors
    /// In this order: `NOT_FOUND`; `ILLEGAL_STATE` unless PENDING, which becomes FAILED, or SETTLED, which becomes
    /// REVERSED.
    fn decide(&self, books: &mut Books) -> Result<top_up::Model, Refusal> {
        let mut top_up = books.top_up(self.top_up)?;
        match top_up.state {
            TopUpState::Pending => {
                top_up.state = TopUpState::Failed;
                top_up.reference = Some(self.reference.clone());
                top_up.settled_at = Some(books.now);
                // What the processor may have taken, or may still take, goes back. Of a wire nothing is there.
                let by_processor = top_up.method != TopUpMethod::Wire;
                top_up.give_back_since = by_processor.then_some(books.now);
            }
            TopUpState::Settled => {
                let paid = Lots::replay(&books.histories).paid_by(top_up.id);
                books.charge_back(&top_up, paid)?;
                top_up.state = TopUpState::Reversed;
                top_up.reversed_at = Some(books.now);
                top_up.reversal_reference = Some(self.reference.clone());
            }
            TopUpState::Failed | TopUpState::Reversed => {
                return Err(Reason::IllegalState(top_up.state.to_string()).at("topUpId"));
            }
        }
        books.keep_top_up(&top_up);
        Ok(top_up)
    }
}

/// How many commissions are taken back in one transaction: whoever reads it, or proves it, reads no more at once.
const MOST: usize = 1_000;

/// What is taken back of one agent.
struct Clawback {
    transaction_id: TransactionId,
    posting: Posting,
}

impl Books {
    /// Takes the cash back, below zero if need be, and the commission on what it had paid for: of each charge as much
    /// of the base as the money was, never more than is left of it. One transaction for each agent, unless they are many.
    fn charge_back(
        &mut self,
        top_up: &top_up::Model,
        paid: BTreeMap<ChargeId, Money>,
    ) -> Result<(), Refusal> {
        let cause = (Cause::TopUp, top_up.id.uuid());
        let (house, paid_by) = clearing(top_up.method);
        let text = line(&format!("{paid_by} charged back"));
        let mut reversed = Posting::new(TransactionKind::TopUpReversed, cause, text, self.now);
        let from = Place::Cash(top_up.customer_id);
        reversed.moves(from, Place::House(house), top_up.amount);
        let reversed_id: TransactionId = self.new_id();

        let mut of_agents: BTreeMap<AgentId, Vec<(ChargeId, Money)>> = BTreeMap::new();
        for (charge, base) in paid {
            if let Some(earned) = self.earned.get(&charge) {
                let agent = earned.row.agent_id;
                of_agents.entry(agent).or_default().push((charge, base));
            }
        }
        let mut clawbacks = Vec::with_capacity(of_agents.len());
        for charges in of_agents.into_values() {
            clawbacks.extend(self.clawback(top_up, &charges, reversed_id, &mut reversed));
        }
        self.post_as(reversed_id, reversed)?;
        for clawback in clawbacks {
            self.post_as(clawback.transaction_id, clawback.posting)?;
        }
        Ok(())
    }

    /// Takes back what an agent earned on these charges. What is less than 0.0001 in all moves only the carry, and so is
    /// told with the transaction before it: with the chargeback itself where there is no other.
    fn clawback(
        &mut self,
        top_up: &top_up::Model,
        charges: &[(ChargeId, Money)],
        reversed_id: TransactionId,
        reversed: &mut Posting,
    ) -> Vec<Clawback> {
        let mut clawbacks: Vec<Clawback> = Vec::new();
        let mut next = self.new_clawback(top_up);
        let mut begins = self.added.commissions.len();
        for (charge, base) in charges {
            self.claw_back(*charge, *base, next.transaction_id, &mut next.posting);
            let rows = self.added.commissions.len() - begins;
            if rows >= MOST && !next.posting.moves_nothing() {
                begins += rows;
                let another = self.new_clawback(top_up);
                clawbacks.push(std::mem::replace(&mut next, another));
            }
        }
        if !next.posting.moves_nothing() {
            clawbacks.push(next);
            return clawbacks;
        }
        let (id, posting) = match clawbacks.last_mut() {
            Some(last) => (last.transaction_id, &mut last.posting),
            None => (reversed_id, reversed),
        };
        for row in &mut self.added.commissions[begins..] {
            row.transaction_id = id;
        }
        posting.tells_as(&next.posting);
        clawbacks
    }

    fn new_clawback(&mut self, top_up: &top_up::Model) -> Clawback {
        let cause = (Cause::TopUp, top_up.id.uuid());
        let text = line("Commission on what was paid with money that was charged back");
        let kind = TransactionKind::CommissionClawback;
        Clawback {
            transaction_id: self.new_id(),
            posting: Posting::new(kind, cause, text, self.now),
        }
    }
}
