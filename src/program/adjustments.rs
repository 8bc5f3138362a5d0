//! Corrections by operators, and debts that are written off: over a limit by two (E08, E17).

use entity::entry::Account;
use entity::proposal::{self, ProposalKind};
use entity::transaction::{Cause, TransactionKind};
use entity::{CustomerId, LoginId, Money, Name, TypedId, transaction};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::owner::Owner;
use super::posting::{Place, Posting};
use super::proposals::{Proposed, Second};
use super::transfers::positive;
use super::{Books, Command, Needs, Noted, Reason, Refusal};

fn place(owner: Owner) -> Place {
    match owner {
        Owner::Customer(id) => Place::Cash(id),
        Owner::Agent(id) => Place::Commission(id),
    }
}

fn cause(owner: Owner) -> (Cause, Uuid) {
    match owner {
        Owner::Customer(id) => (Cause::Customer, id.uuid()),
        Owner::Agent(id) => (Cause::Agent, id.uuid()),
    }
}

fn needs_owner(owner: Owner, needs: &mut Needs) {
    match owner {
        Owner::Customer(id) => needs.customer(id),
        Owner::Agent(id) => needs.agent(id),
    };
    needs.proposals.insert(owner);
    needs.desk = true;
}

fn balance(owner: Owner, books: &Books) -> Result<Money, Refusal> {
    match owner {
        Owner::Customer(id) => {
            let missing = |refusal: Refusal| refusal.at("debtor.customerId");
            books.customer(id).map_err(missing)?;
            Ok(books.customer_balance(id).cash)
        }
        Owner::Agent(id) => {
            let missing = |refusal: Refusal| refusal.at("debtor.agentId");
            books.agent(id).map_err(missing)?;
            Ok(books.agent_balance(id).commission)
        }
    }
}

/// What became of an act that may take two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seconded {
    Posted(transaction::Model),
    /// Nothing moved: another operator has to ask for the same.
    Waits(proposal::Model),
}

/// An operator corrects a customer's cash, up or down (E17).
#[derive(Clone, Debug, Serialize)]
pub struct PostAdjustment {
    pub operator: LoginId,
    pub customer: CustomerId,
    /// Signed.
    pub amount: Money,
    pub reason: Name,
}

impl Seconded {
    fn noted(&self) -> Noted {
        match self {
            Self::Posted(transaction) => Noted::about(transaction.id),
            Self::Waits(proposal) => Noted::about(proposal.id),
        }
    }
}

impl Command for PostAdjustment {
    const NAME: &'static str = "postAdjustment";
    type Outcome = Seconded;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        Some(done.noted().moves(Some(self.amount), &self.reason))
    }

    fn needs(&self, needs: &mut Needs) {
        needs_owner(Owner::Customer(self.customer), needs);
    }

    /// # Errors
    /// In this order: `INVALID_INPUT` of 0.0000; `NOT_FOUND`; `INSUFFICIENT_FUNDS`, as it never takes cash below zero.
    fn decide(&self, books: &mut Books) -> Result<Seconded, Refusal> {
        if self.amount.is_zero() {
            let problem = "An adjustment is more or less than 0.0000.";
            return Err(Refusal::invalid("amount", problem));
        }
        let owner = Owner::Customer(self.customer);
        let file = books.customer(self.customer);
        file.map_err(|refusal| refusal.at("customerId"))?;
        let available = balance(owner, books)?.not_negative();
        let requested = -self.amount;
        if requested > available {
            return Err(Reason::InsufficientFunds {
                available,
                requested,
            }
            .at("amount"));
        }
        let act = Proposed {
            kind: ProposalKind::Adjustment,
            owner,
            amount: self.amount,
            reason: &self.reason,
        };
        books.by_two(self.operator, &act, |books| {
            let expense = Place::House(Account::ExpenseAdjustment);
            let kind = TransactionKind::Adjustment;
            books.correct(kind, owner, expense, self.amount, &self.reason)
        })
    }
}

/// An operator writes off what an agent's commission, or a customer's cash, is below zero (E08).
#[derive(Clone, Debug, Serialize)]
pub struct WriteOff {
    pub operator: LoginId,
    pub owner: Owner,
    /// All of the debt, if left out.
    pub amount: Option<Money>,
    pub reason: Name,
}

impl Command for WriteOff {
    const NAME: &'static str = "writeOff";
    type Outcome = Seconded;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        Some(done.noted().moves(self.amount, &self.reason))
    }

    fn needs(&self, needs: &mut Needs) {
        needs_owner(self.owner, needs);
    }

    /// # Errors
    /// In this order: `AMOUNT_NOT_POSITIVE`; `NOT_FOUND`; `ILLEGAL_STATE` where nothing is owed; `INVALID_INPUT` of more
    /// than is.
    fn decide(&self, books: &mut Books) -> Result<Seconded, Refusal> {
        self.amount.map_or(Ok(()), positive)?;
        let owed = -balance(self.owner, books)?;
        if !owed.is_positive() {
            return Err(Reason::IllegalState("NOT_BELOW_ZERO".into()).into());
        }
        let amount = self.amount.unwrap_or(owed);
        if amount > owed {
            let problem = format!("Only {owed} is owed.");
            return Err(Refusal::invalid("amount", problem));
        }
        let act = Proposed {
            kind: ProposalKind::WriteOff,
            owner: self.owner,
            amount,
            reason: &self.reason,
        };
        books.by_two(self.operator, &act, |books| {
            let expense = Place::House(Account::ExpenseBadDebt);
            let kind = TransactionKind::WriteOff;
            books.correct(kind, self.owner, expense, amount, &self.reason)
        })
    }
}

impl Books {
    /// Does what one operator may do alone, or what a second one asks for as well (E17).
    fn by_two(
        &mut self,
        operator: LoginId,
        act: &Proposed<'_>,
        does: impl FnOnce(&mut Self) -> Result<transaction::Model, Refusal>,
    ) -> Result<Seconded, Refusal> {
        match self.second(operator, act) {
            Second::Waits(proposal) => Ok(Seconded::Waits(proposal)),
            Second::NotNeeded => does(self).map(Seconded::Posted),
            Second::Has(proposal) => {
                let posted = does(self)?;
                self.seconded(proposal, operator, &posted);
                Ok(Seconded::Posted(posted))
            }
        }
    }

    fn correct(
        &mut self,
        kind: TransactionKind,
        owner: Owner,
        expense: Place,
        amount: Money,
        reason: &Name,
    ) -> Result<transaction::Model, Refusal> {
        let mut posting = Posting::new(kind, cause(owner), reason.clone(), self.now);
        posting.moves(expense, place(owner), amount);
        self.post(posting)?;
        let newest = self.added.transactions.last();
        Ok(newest.expect("it was posted just now").clone())
    }
}
