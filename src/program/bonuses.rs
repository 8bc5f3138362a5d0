//! What an operator gives an agent on top (R44).

use entity::agent::AgentStatus;
use entity::commission::{self, CommissionKind};
use entity::entry::Account;
use entity::transaction::{Cause, TransactionKind};
use entity::{AgentId, Exact, Money, Name, TransactionId, TypedId};
use serde::Serialize;

use super::commissions::{CommissionRow, Credit};
use super::posting::{Place, Posting, Tell};
use super::transfers::positive;
use super::{Books, Command, Needs, Noted, Reason, Refusal};

/// The largest bonus: its exact amount, of 1/100000000, has to fit into 64 bits.
const LARGEST: Money = Money::from_units(900_000_000_000_000);

/// Commission that no charge earned. Like any, it pays off what is below zero first, matures, and is held while the agent
/// is suspended.
#[derive(Clone, Debug, Serialize)]
pub struct PayBonus {
    pub agent: AgentId,
    pub amount: Money,
    pub reason: Name,
}

impl Command for PayBonus {
    const NAME: &'static str = "payBonus";
    type Outcome = commission::Model;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        Some(Noted::about(done.id).moves(Some(self.amount), &self.reason))
    }

    fn needs(&self, needs: &mut Needs) {
        needs.agent(self.agent);
    }

    /// # Errors
    /// In this order: `AMOUNT_NOT_POSITIVE`, `INVALID_INPUT` beyond 90,000,000,000.0000, `NOT_FOUND`; `AGENT_NOT_ACTIVE` for one that is closed.
    fn decide(&self, books: &mut Books) -> Result<commission::Model, Refusal> {
        positive(self.amount)?;
        if self.amount > LARGEST {
            let problem = "A bonus is at most 90000000000.0000.";
            return Err(Refusal::invalid("amount", problem));
        }
        let file = books.agent(self.agent);
        let file = file.map_err(|missing| missing.at("agentId"))?;
        if file.agent.status == AgentStatus::Closed {
            return Err(Reason::AgentNotActive.at("agentId"));
        }
        let commission_rate = file.commission_rate_at(books.now);
        let transaction_id: TransactionId = books.new_id();
        let row = books.credit(
            &file,
            Credit {
                kind: CommissionKind::Bonus,
                charge: None,
                base: Money::ZERO,
                commission_rate: commission_rate.expect("an agent has a rate since it joined"),
                exact: Exact::from(self.amount),
                occurred_at: books.now,
                suspended: file.suspended_at(books.now),
                transaction_id,
            },
        );
        let mut posting = Posting::new(
            TransactionKind::Bonus,
            (Cause::Commission, row.id.uuid()),
            self.reason.clone(),
            books.now,
        );
        let from = Place::House(Account::ExpenseCommission);
        posting.moves(from, row.place(), row.amount);
        posting.tells(self.agent, Tell::commission(row.id));
        books.post_as(transaction_id, posting)?;
        Ok(row)
    }
}
