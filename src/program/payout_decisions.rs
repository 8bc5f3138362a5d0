//! What becomes of a payout: the decisions of agent and operators (E14 to E17).

use entity::entry::Account;
use entity::payout::PayoutState;
use entity::transaction::TransactionKind;
use entity::{AgentId, LoginId, Money, Name, PayoutId, Prose, payout};
use serde::Serialize;

use super::payouts::{PayoutDecided, PayoutRow};
use super::posting::Place;
use super::{Books, Command, Needs, Noted, Reason, Refusal};

/// The agent takes its request back, while nobody has decided on it.
#[derive(Clone, Debug, Serialize)]
pub struct CancelPayout {
    pub agent: AgentId,
    pub payout: PayoutId,
}

/// An operator agrees.
#[derive(Clone, Debug, Serialize)]
pub struct ApprovePayout {
    pub operator: LoginId,
    pub payout: PayoutId,
}

/// An operator refuses; the money goes back.
#[derive(Clone, Debug, Serialize)]
pub struct RejectPayout {
    pub operator: LoginId,
    pub payout: PayoutId,
    pub reason: Option<Prose>,
}

/// An operator has sent it.
#[derive(Clone, Debug, Serialize)]
pub struct SendPayout {
    pub operator: LoginId,
    pub payout: PayoutId,
    pub reference: Option<Name>,
}

/// It arrived.
#[derive(Clone, Debug, Serialize)]
pub struct SettlePayout {
    pub payout: PayoutId,
    pub reference: Option<Name>,
}

/// It came back (E16).
#[derive(Clone, Debug, Serialize)]
pub struct ReturnPayout {
    pub payout: PayoutId,
    pub reason: Prose,
    /// Whether the agent gets the fee back too.
    pub return_fee: bool,
}

fn needs_payout(payout: PayoutId, needs: &mut Needs) {
    needs.payouts.insert(payout);
}

impl Command for CancelPayout {
    const NAME: &'static str = "cancelPayout";
    type Outcome = PayoutDecided;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        Some(Noted::about(done.payout.id).moves(Some(done.payout.gross), ""))
    }

    fn needs(&self, needs: &mut Needs) {
        needs_payout(self.payout, needs);
    }

    /// # Errors
    /// In this order: `NOT_FOUND`, also for another agent's; `ILLEGAL_STATE` unless REQUESTED.
    fn decide(&self, books: &mut Books) -> Result<PayoutDecided, Refusal> {
        let owner = books.payouts.get(&self.payout).map(|row| row.agent_id);
        if owner != Some(self.agent) {
            return Err(Refusal::not_found("payout").at("payoutId"));
        }
        let mut payout = books.payout_in(self.payout, &[PayoutState::Requested])?;
        payout.state = PayoutState::Cancelled;
        payout.decided_at = Some(books.now);
        release(payout, "Payout cancelled", books)
    }
}

impl Command for ApprovePayout {
    const NAME: &'static str = "approvePayout";
    type Outcome = PayoutDecided;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        Some(Noted::about(done.payout.id).moves(Some(done.payout.gross), ""))
    }

    fn needs(&self, needs: &mut Needs) {
        needs_payout(self.payout, needs);
    }

    /// # Errors
    /// In this order: `NOT_FOUND`; `ILLEGAL_STATE` unless REQUESTED.
    fn decide(&self, books: &mut Books) -> Result<PayoutDecided, Refusal> {
        let mut payout = books.payout_in(self.payout, &[PayoutState::Requested])?;
        payout.state = PayoutState::Approved;
        payout.approved_by = Some(self.operator);
        payout.decided_at = Some(books.now);
        books.tell_agent(payout.agent_id, payout.tell(), None);
        books.keep_payout(&payout);
        Ok(books.decided(payout))
    }
}

impl Command for RejectPayout {
    const NAME: &'static str = "rejectPayout";
    type Outcome = PayoutDecided;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        let reason = self.reason.as_ref().map_or("", Prose::as_str);
        Some(Noted::about(done.payout.id).moves(Some(done.payout.gross), reason))
    }

    fn needs(&self, needs: &mut Needs) {
        needs_payout(self.payout, needs);
    }

    /// # Errors
    /// In this order: `INVALID_INPUT` without a reason; `NOT_FOUND`; `ILLEGAL_STATE` unless REQUESTED or APPROVED.
    fn decide(&self, books: &mut Books) -> Result<PayoutDecided, Refusal> {
        let missing = || Refusal::invalid("reason", "Say why.");
        let reason = self.reason.clone().ok_or_else(missing)?;
        let open = [PayoutState::Requested, PayoutState::Approved];
        let mut payout = books.payout_in(self.payout, &open)?;
        payout.state = PayoutState::Rejected;
        payout.reason = Some(reason);
        payout.decided_at = Some(books.now);
        release(payout, "Payout rejected", books)
    }
}

impl Command for SendPayout {
    const NAME: &'static str = "sendPayout";
    type Outcome = PayoutDecided;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        let reference = self.reference.as_ref().map_or("", Name::as_str);
        Some(Noted::about(done.payout.id).moves(Some(done.payout.gross), reference))
    }

    fn needs(&self, needs: &mut Needs) {
        needs_payout(self.payout, needs);
    }

    /// # Errors
    /// In this order: `INVALID_INPUT` without a reference; `NOT_FOUND`; `ILLEGAL_STATE` unless APPROVED;
    /// `SECOND_PERSON_REQUIRED` where over the limit the approver sends (E17).
    fn decide(&self, books: &mut Books) -> Result<PayoutDecided, Refusal> {
        let missing = || Refusal::invalid("reference", "Give the bank's or PayPal's reference.");
        let reference = self.reference.clone().ok_or_else(missing)?;
        let mut payout = books.payout_in(self.payout, &[PayoutState::Approved])?;
        let alone = payout.approved_by == Some(self.operator);
        if alone && payout.gross > books.terms.second_person_over {
            return Err(Reason::SecondPersonRequired.into());
        }
        payout.state = PayoutState::Sent;
        payout.reference = Some(reference);
        payout.sent_at = Some(books.now);
        let mut posting = payout.posting(TransactionKind::PayoutSent, "Payout sent", books);
        let reserved = Place::Reserved(payout.agent_id);
        let in_transit = Place::House(Account::PayoutsInTransit);
        posting.moves(reserved, in_transit, payout.net);
        let fees = Place::House(Account::RevenuePayoutFees);
        posting.moves(reserved, fees, payout.fee);
        books.post(posting)?;
        books.keep_payout(&payout);
        Ok(books.decided(payout))
    }
}

impl Command for SettlePayout {
    const NAME: &'static str = "settlePayout";
    type Outcome = PayoutDecided;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        let reference = self.reference.as_ref().map_or("", Name::as_str);
        Some(Noted::about(done.payout.id).moves(Some(done.payout.gross), reference))
    }

    fn needs(&self, needs: &mut Needs) {
        needs_payout(self.payout, needs);
    }

    /// # Errors
    /// In this order: `NOT_FOUND`; `ILLEGAL_STATE` unless SENT.
    fn decide(&self, books: &mut Books) -> Result<PayoutDecided, Refusal> {
        let mut payout = books.payout_in(self.payout, &[PayoutState::Sent])?;
        payout.state = PayoutState::Paid;
        payout.settled_at = Some(books.now);
        if self.reference.is_some() {
            payout.reference.clone_from(&self.reference);
        }
        let mut posting = payout.posting(TransactionKind::PayoutSettled, "Payout arrived", books);
        let in_transit = Place::House(Account::PayoutsInTransit);
        posting.moves(in_transit, payout.clearing(), payout.net);
        books.post(posting)?;
        books.keep_payout(&payout);
        Ok(books.decided(payout))
    }
}

impl Command for ReturnPayout {
    const NAME: &'static str = "returnPayout";
    type Outcome = PayoutDecided;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        Some(Noted::about(done.payout.id).moves(Some(done.payout.gross), &self.reason))
    }

    fn needs(&self, needs: &mut Needs) {
        needs_payout(self.payout, needs);
    }

    /// # Errors
    /// In this order: `NOT_FOUND`; `ILLEGAL_STATE` unless SENT.
    fn decide(&self, books: &mut Books) -> Result<PayoutDecided, Refusal> {
        let mut payout = books.payout_in(self.payout, &[PayoutState::Sent])?;
        payout.state = PayoutState::Returned;
        payout.reason = Some(self.reason.clone());
        payout.settled_at = Some(books.now);
        let fee_kept = if self.return_fee {
            Money::ZERO
        } else {
            payout.fee
        };
        // A fee that is kept is borne by the commission first, as the payout was (E12).
        let to_commission = (payout.from_commission - fee_kept).not_negative();
        let to_funding = payout.gross - fee_kept - to_commission;
        let account = books.agent(payout.agent_id)?.agent.customer_id;

        let mut posting = payout.posting(TransactionKind::PayoutReturned, "Payout returned", books);
        let in_transit = Place::House(Account::PayoutsInTransit);
        let fees = Place::House(Account::RevenuePayoutFees);
        let returned_fee = payout.fee - fee_kept;
        let fee_to_commission = returned_fee.min(to_commission);
        let commission = Place::Commission(payout.agent_id);
        posting.moves(fees, commission, fee_to_commission);
        posting.moves(in_transit, commission, to_commission - fee_to_commission);
        let fee_to_funding = returned_fee - fee_to_commission;
        let funding = Place::Cash(account);
        posting.moves(fees, funding, fee_to_funding);
        posting.moves(in_transit, funding, to_funding - fee_to_funding);
        books.post(posting)?;
        books.keep_payout(&payout);
        Ok(books.decided(payout))
    }
}

/// What was reserved goes back to where it came from.
fn release(
    payout: payout::Model,
    description: &str,
    books: &mut Books,
) -> Result<PayoutDecided, Refusal> {
    let account = books.agent(payout.agent_id)?.agent.customer_id;
    let mut posting = payout.posting(TransactionKind::PayoutReleased, description, books);
    let reserved = Place::Reserved(payout.agent_id);
    let commission = Place::Commission(payout.agent_id);
    posting.moves(reserved, commission, payout.from_commission);
    posting.moves(reserved, Place::Cash(account), payout.from_funding);
    books.post(posting)?;
    books.keep_payout(&payout);
    Ok(books.decided(payout))
}
