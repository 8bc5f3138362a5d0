//! Funds from an agent to its customers (R26 to R30, E13), and credit for free (E02).

use entity::agent_event::AgentEventKind;
use entity::entry::Account;
use entity::transaction::{Cause, TransactionKind};
use entity::{AgentId, CustomerId, Money, Name, TransferId, TypedId, transaction, transfer};
use serde::{Deserialize, Serialize};

use super::figures::AgentFigures;
use super::lots::{Lots, Traced};
use super::posting::{Place, Posting, Tell, line};
use super::{Books, Command, Needs, Noted, Reason, Refusal};

/// Funds from an agent to one of its customers, however that customer came (R28, R29).
#[derive(Clone, Debug, Serialize)]
pub struct TransferFunds {
    pub agent: AgentId,
    pub customer: CustomerId,
    pub amount: Money,
    pub memo: Option<Name>,
}

/// A transfer, with the agent's money right after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transferred {
    pub transfer: transfer::Model,
    pub balance: AgentFigures,
}

impl Command for TransferFunds {
    const NAME: &'static str = "transferFunds";
    type Outcome = Transferred;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        let memo = self.memo.as_ref().map_or("", Name::as_str);
        Some(Noted::about(done.transfer.id).moves(Some(self.amount), memo))
    }

    fn needs(&self, needs: &mut Needs) {
        needs.agent(self.agent).customer(self.customer);
        needs.immature.insert(self.agent);
    }

    /// # Errors
    /// In this order: `AMOUNT_NOT_POSITIVE`; `NOT_AFFILIATED`, for a stranger's customer as for none;
    /// `AGENT_NOT_ACTIVE`; `CUSTOMER_NOT_ACTIVE`; `COMMISSION_NEGATIVE`, `INSUFFICIENT_FUNDS`.
    fn decide(&self, books: &mut Books) -> Result<Transferred, Refusal> {
        positive(self.amount)?;
        let customer = books.customers.get(&self.customer);
        if customer.and_then(|file| file.agent_now()) != Some(self.agent) {
            return Err(Reason::NotAffiliated.at("customerId"));
        }
        let agent = books.active_agent(self.agent)?;
        books.open_customer(self.customer)?;
        let (from_funding, from_commission) = books.spend(self.agent, self.amount)?;

        let id: TransferId = books.new_id();
        let mut posting = Posting::new(
            TransactionKind::Transfer,
            (Cause::Transfer, id.uuid()),
            line("Funds from the agent"),
            books.now,
        );
        let to = Place::Cash(self.customer);
        posting.moves(Place::Cash(agent.agent.customer_id), to, from_funding);
        posting.moves(Place::Commission(self.agent), to, from_commission);
        posting.tells(
            self.agent,
            Tell {
                kind: AgentEventKind::Transfer,
                subject: id.uuid(),
                payout_state: None,
            },
        );
        let transaction_id = books.post(posting)?;
        let transfer = transfer::Model {
            id,
            agent_id: self.agent,
            customer_id: self.customer,
            amount: self.amount,
            from_funding,
            from_commission,
            reversed: Money::ZERO,
            memo: self.memo.clone(),
            transaction_id,
            created_at: books.now,
        };
        books.added.transfers.push(transfer.clone());
        Ok(Transferred {
            transfer,
            balance: books.figures(self.agent),
        })
    }
}

impl Books {
    /// What an agent spends inside the network: funding first, then commission (E13).
    fn spend(&self, agent: AgentId, amount: Money) -> Result<(Money, Money), Refusal> {
        let funding = self.funding(agent);
        let commission = self.agent_balance(agent).commission;
        let available = (funding + commission).not_negative();
        if amount > available {
            let owed = commission.is_negative() && amount <= funding;
            return Err(if owed {
                Reason::CommissionNegative.at("amount")
            } else {
                Reason::InsufficientFunds {
                    available,
                    requested: amount,
                }
                .at("amount")
            });
        }
        let from_funding = amount.min(funding.not_negative());
        Ok((from_funding, amount - from_funding))
    }
}

/// An operator takes back what a customer has not spent of a transfer (E27).
#[derive(Clone, Debug, Serialize)]
pub struct ReverseTransfer {
    pub transfer: TransferId,
    /// All that is not spent, if left out.
    pub amount: Option<Money>,
    /// What both read in their transactions.
    pub reason: Name,
}

impl Command for ReverseTransfer {
    const NAME: &'static str = "reverseTransfer";
    type Outcome = Transferred;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        Some(Noted::about(done.transfer.id).moves(self.amount, &self.reason))
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transfers.insert(self.transfer);
        needs.traced.insert(Traced::Transfer(self.transfer));
    }

    fn alone(&self) -> bool {
        true
    }

    /// The last of it goes back first, to where it came from: so commission before funding.
    ///
    /// # Errors
    /// In this order: `AMOUNT_NOT_POSITIVE`; `NOT_FOUND`; `ILLEGAL_STATE` where all of it went back before;
    /// `TRANSFER_SPENT` with what is not.
    fn decide(&self, books: &mut Books) -> Result<Transferred, Refusal> {
        self.amount.map_or(Ok(()), positive)?;
        let transfer = books.transfers.get(&self.transfer).cloned();
        let missing = || Refusal::not_found("transfer").at("transferId");
        let mut transfer = transfer.ok_or_else(missing)?;
        if transfer.reversed == transfer.amount {
            return Err(Reason::IllegalState("REVERSED".into()).at("transferId"));
        }
        let lots = Lots::replay(&books.histories);
        let customer = transfer.customer_id;
        let (funding, commission) = lots.unspent(customer, transfer.id, self.amount);
        let amount = funding + commission;
        if amount.is_zero() || self.amount.is_some_and(|asked| asked > amount) {
            let (funding, commission) = lots.unspent(customer, transfer.id, None);
            let unspent = funding + commission;
            return Err(Reason::TransferSpent { unspent }.at("amount"));
        }
        let agent = books.agent(transfer.agent_id)?;
        let mut posting = Posting::new(
            TransactionKind::TransferReversed,
            (Cause::Transfer, transfer.id.uuid()),
            self.reason.clone(),
            books.now,
        );
        let from = Place::Cash(customer);
        posting.moves(from, Place::Cash(agent.agent.customer_id), funding);
        posting.moves(from, Place::Commission(transfer.agent_id), commission);
        posting.tells(
            transfer.agent_id,
            Tell {
                kind: AgentEventKind::Transfer,
                subject: transfer.id.uuid(),
                payout_state: None,
            },
        );
        books.post(posting)?;
        transfer.reversed += amount;
        books
            .transfers
            .change(&transfer.id, |row| *row = transfer.clone());
        Ok(Transferred {
            balance: books.figures(transfer.agent_id),
            transfer,
        })
    }
}

/// Credit for free: spent first, and nobody earns on it (E02, R42). Operators only.
#[derive(Clone, Debug, Serialize)]
pub struct GrantPromo {
    pub customer: CustomerId,
    pub amount: Money,
    pub reason: Name,
}

impl Command for GrantPromo {
    const NAME: &'static str = "grantPromo";
    type Outcome = transaction::Model;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        Some(Noted::about(done.id).moves(Some(self.amount), &self.reason))
    }

    fn needs(&self, needs: &mut Needs) {
        needs.customer(self.customer);
    }

    /// # Errors
    /// In this order: `AMOUNT_NOT_POSITIVE`, `NOT_FOUND`, `CUSTOMER_NOT_ACTIVE`.
    fn decide(&self, books: &mut Books) -> Result<transaction::Model, Refusal> {
        positive(self.amount)?;
        let missing = |refusal: Refusal| refusal.at("customerId");
        books.open_customer(self.customer).map_err(missing)?;
        let mut posting = Posting::new(
            TransactionKind::PromoGrant,
            (Cause::Customer, self.customer.uuid()),
            self.reason.clone(),
            books.now,
        );
        let from = Place::House(Account::ExpensePromo);
        posting.moves(from, Place::Promo(self.customer), self.amount);
        books.post(posting)?;
        let newest = books.added.transactions.last();
        Ok(newest.expect("it was posted just now").clone())
    }
}

/// # Errors
/// `AMOUNT_NOT_POSITIVE`.
pub(super) fn positive(amount: Money) -> Result<(), Refusal> {
    if amount.is_positive() {
        Ok(())
    } else {
        Err(Reason::AmountNotPositive.at("amount"))
    }
}

/// # Errors
/// `AMOUNT_NOT_POSITIVE`, `AMOUNT_NOT_WHOLE_CENTS` (E11).
pub(super) fn positive_cents(amount: Money) -> Result<(), Refusal> {
    positive(amount)?;
    if amount.is_whole_cents() {
        Ok(())
    } else {
        Err(Reason::AmountNotWholeCents.at("amount"))
    }
}
