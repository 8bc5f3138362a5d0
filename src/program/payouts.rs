//! Payouts: requests that the operator carries out (R35 to R40, E09 to E17).

use entity::agent::AgentStatus;
use entity::agent_event::AgentEventKind;
use entity::desk_event::DeskSubject;
use entity::entry::Account;
use entity::payout::{PayoutMethod, PayoutState};
use entity::transaction::{Cause, TransactionKind};
use entity::{AgentId, Email, Money, Name, PayoutId, Prose, TypedId, payout};
use serde::{Deserialize, Serialize};

use super::figures::{AgentFigures, withdrawable};
use super::posting::{Place, Posting, Tell, line};
use super::transfers::positive_cents;
use super::{Books, Command, Needs, Noted, Reason, Refusal, Terms};

/// What a payout would cost and bring, and why it would be refused: all reasons, in the order of the refusals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    pub fee: Money,
    pub net: Money,
    pub reasons: Vec<Refusal>,
}

/// The quote of a payout for an agent with these figures (E10).
#[must_use]
pub fn quote(
    terms: &Terms,
    status: AgentStatus,
    figures: &AgentFigures,
    gross: Money,
    method: PayoutMethod,
) -> Quote {
    let fee = terms.payout_fee(method);
    let net = gross - fee;
    let minimum = terms.minimum_gross(method);
    let mut reasons = Vec::new();
    reasons.extend(positive_cents(gross).err());
    if status == AgentStatus::Suspended {
        reasons.push(Reason::AgentNotActive.into());
    }
    if figures.commission.is_negative() {
        reasons.push(Reason::CommissionNegative.into());
    }
    // The last payout of a closed agent has no minimum (E23); a fee it has.
    if gross < terms.minimum_payout && status != AgentStatus::Closed {
        reasons.push(Reason::PayoutBelowMinimum { minimum, fee }.at("amount"));
    } else if !net.is_positive() {
        reasons.push(Reason::PayoutNetNotPositive { minimum, fee }.at("amount"));
    }
    if gross > figures.withdrawable {
        reasons.push(
            Reason::InsufficientFunds {
                available: figures.withdrawable,
                requested: gross,
            }
            .at("amount"),
        );
    }
    Quote { fee, net, reasons }
}

/// Where a payout is to go; names the method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Destination {
    Check {
        payee: Name,
        address: Prose,
    },
    Paypal {
        email: Email,
    },
    Wire {
        payee: Name,
        bank_name: Name,
        account_number: Name,
        routing_code: Name,
    },
}

impl Destination {
    /// The method that it names.
    #[must_use]
    pub fn method(&self) -> PayoutMethod {
        match self {
            Self::Check { .. } => PayoutMethod::Check,
            Self::Paypal { .. } => PayoutMethod::Paypal,
            Self::Wire { .. } => PayoutMethod::Wire,
        }
    }
}

/// A payout, with the agent's money right after what was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutDecided {
    pub payout: payout::Model,
    pub balance: AgentFigures,
}

/// An agent asks for money; the gross is reserved at once (E14).
#[derive(Clone, Debug, Serialize)]
pub struct RequestPayout {
    pub agent: AgentId,
    pub amount: Money,
    pub destination: Destination,
}

impl Command for RequestPayout {
    const NAME: &'static str = "requestPayout";
    type Outcome = PayoutDecided;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        Some(Noted::about(done.payout.id).moves(Some(self.amount), ""))
    }

    fn needs(&self, needs: &mut Needs) {
        needs.agent(self.agent).desk = true;
        needs.immature.insert(self.agent);
    }

    /// # Errors
    /// In this order: `AMOUNT_NOT_POSITIVE`, `AMOUNT_NOT_WHOLE_CENTS`, `AGENT_NOT_ACTIVE`, `COMMISSION_NEGATIVE`,
    /// `PAYOUT_BELOW_MINIMUM`, `PAYOUT_NET_NOT_POSITIVE`, `INSUFFICIENT_FUNDS`.
    fn decide(&self, books: &mut Books) -> Result<PayoutDecided, Refusal> {
        let file = books.agent(self.agent)?;
        let figures = books.figures(self.agent);
        let method = self.destination.method();
        let status = file.agent.status;
        let quote = quote(&books.terms, status, &figures, self.amount, method);
        if let Some(reason) = quote.reasons.into_iter().next() {
            return Err(reason);
        }
        let immature = books.immature.get(&self.agent).copied().unwrap_or_default();
        let (mature, _) = withdrawable(&books.terms, figures.funding, figures.commission, immature);
        let from_commission = self.amount.min(mature);
        let row = self.row(books, quote.fee, from_commission);
        let mut posting = row.posting(TransactionKind::PayoutReserved, "Payout requested", books);
        let reserved = Place::Reserved(self.agent);
        posting.moves(Place::Commission(self.agent), reserved, row.from_commission);
        let funding = Place::Cash(file.agent.customer_id);
        posting.moves(funding, reserved, row.from_funding);
        books.post(posting)?;
        books.payouts.add(row.id, row.clone());
        books.tell_desk(DeskSubject::Payout, row.id.uuid());
        Ok(books.decided(row))
    }
}

impl RequestPayout {
    fn row(&self, books: &mut Books, fee: Money, from_commission: Money) -> payout::Model {
        let mut row = payout::Model {
            id: books.new_id(),
            agent_id: self.agent,
            method: self.destination.method(),
            gross: self.amount,
            fee,
            net: self.amount - fee,
            from_commission,
            from_funding: self.amount - from_commission,
            state: PayoutState::Requested,
            payee: None,
            address: None,
            paypal_email: None,
            bank_name: None,
            account_number: None,
            routing_code: None,
            reference: None,
            reason: None,
            requested_at: books.now,
            approved_by: None,
            decided_at: None,
            sent_at: None,
            settled_at: None,
        };
        match self.destination.clone() {
            Destination::Check { payee, address } => {
                row.payee = Some(payee);
                row.address = Some(address);
            }
            Destination::Paypal { email } => row.paypal_email = Some(email),
            Destination::Wire {
                payee,
                bank_name,
                account_number,
                routing_code,
            } => {
                row.payee = Some(payee);
                row.bank_name = Some(bank_name);
                row.account_number = Some(account_number);
                row.routing_code = Some(routing_code);
            }
        }
        row
    }
}

/// The part of [`payout::Model`] that only its rules need.
pub(super) trait PayoutRow {
    /// A posting caused by the payout, that tells its agent of the state it is in then.
    fn posting(&self, kind: TransactionKind, description: &str, books: &Books) -> Posting;
    /// What its agent hears.
    fn tell(&self) -> Tell;
    /// The house's account that the money leaves by.
    fn clearing(&self) -> Place;
}

impl PayoutRow for payout::Model {
    fn posting(&self, kind: TransactionKind, description: &str, books: &Books) -> Posting {
        let cause = (Cause::Payout, self.id.uuid());
        let mut posting = Posting::new(kind, cause, line(description), books.now);
        posting.tells(self.agent_id, self.tell());
        posting
    }

    fn tell(&self) -> Tell {
        Tell {
            kind: AgentEventKind::Payout,
            subject: self.id.uuid(),
            payout_state: Some(self.state),
        }
    }

    fn clearing(&self) -> Place {
        Place::House(match self.method {
            PayoutMethod::Paypal => Account::ClearingPaypal,
            PayoutMethod::Check | PayoutMethod::Wire => Account::ClearingBank,
        })
    }
}

impl Books {
    pub(super) fn decided(&self, payout: payout::Model) -> PayoutDecided {
        let balance = self.figures(payout.agent_id);
        PayoutDecided { payout, balance }
    }

    /// A payout in one of the states that allow what is asked (E14).
    ///
    /// # Errors
    /// `NOT_FOUND`, `ILLEGAL_STATE` with the state that it is in.
    pub(super) fn payout_in(
        &self,
        id: PayoutId,
        states: &[PayoutState],
    ) -> Result<payout::Model, Refusal> {
        let payout = self.payouts.get(&id);
        let payout = payout.ok_or_else(|| Refusal::not_found("payout").at("payoutId"))?;
        if states.contains(&payout.state) {
            Ok(payout.clone())
        } else {
            Err(Reason::IllegalState(payout.state.to_string()).at("payoutId"))
        }
    }

    /// Keeps what became of a payout.
    pub(super) fn keep_payout(&mut self, payout: &payout::Model) {
        self.payouts.change(&payout.id, |row| *row = payout.clone());
    }
}
