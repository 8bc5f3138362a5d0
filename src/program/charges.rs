//! Charges: calls rated here, charges rated elsewhere, and how they are paid (E02 to E05, E13, E30, E31).

use chrono::{DateTime, TimeDelta, Utc};
use entity::agent::AgentStatus;
use entity::charge::{ChargeKind, ChargeState};
use entity::transaction::{Cause, TransactionKind};
use entity::{
    AccountNumber, AgentId, ChargeId, CustomerId, Money, Name, PhoneNumber, PlanId, ProductId,
    TypedId, charge,
};
use serde::{Deserialize, Serialize};

use super::calls;
use super::posting::{Place, Posting, line, revenue};
use super::{Books, Command, Needs, Noted, Reason, Refusal};

/// How far ahead of this server a switch's clock may be.
pub const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// The source of the server's own charges: no switch may use it.
pub const OWN_SOURCE: &str = "agent-program";

/// A finished call, to be rated here (E35).
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    pub external_id: Name,
    pub account_number: AccountNumber,
    pub to: PhoneNumber,
    pub answered_at: DateTime<Utc>,
    pub duration_seconds: i32,
}

/// A charge rated elsewhere.
#[derive(Clone, Debug, Serialize)]
pub struct RatedCharge {
    pub external_id: Name,
    pub account_number: AccountNumber,
    pub kind: ChargeKind,
    pub description: Name,
    pub amount: Money,
    pub commissionable: bool,
    pub occurred_at: DateTime<Utc>,
}

/// What became of one row of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowOutcome {
    pub external_id: Name,
    pub result: Result<charge::Model, Refusal>,
    /// The same content had been posted before (E30).
    pub replayed: bool,
}

/// Calls of one switch, each decided for itself.
#[derive(Clone, Debug, Serialize)]
pub struct RecordCalls {
    pub source: Name,
    pub calls: Vec<Call>,
}

/// Charges of one billing system, each decided for itself.
#[derive(Clone, Debug, Serialize)]
pub struct RecordCharges {
    pub source: Name,
    pub charges: Vec<RatedCharge>,
}

/// What an operator reported in a machine's stead: nothing where no row is new.
fn noted(rows: &[RowOutcome], source: &Name) -> Option<Noted> {
    let posted = rows
        .iter()
        .filter(|row| row.result.is_ok() && !row.replayed);
    let posted = posted.count();
    let said = format!("{posted} of {} rows of {source}", rows.len());
    (posted > 0).then(|| Noted::default().says(said))
}

impl Command for RecordCalls {
    const NAME: &'static str = "recordCalls";
    type Outcome = Vec<RowOutcome>;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        noted(done, &self.source)
    }

    fn needs(&self, needs: &mut Needs) {
        for call in &self.calls {
            needs.numbers.insert(call.account_number.clone());
            needs.calls_to.insert(call.to.clone());
            let key = (self.source.clone(), call.external_id.clone());
            needs.charges.insert(key);
        }
    }

    fn weight(&self) -> usize {
        self.calls.len()
    }

    /// # Errors
    /// `INVALID_INPUT` at `source` for the server's own. Of each row, in this order: `NOT_FOUND`, `EXTERNAL_ID_REUSED`,
    /// `INVALID_INPUT` (negative, in the future, before the customer was there), `DESTINATION_NOT_RATED`.
    fn decide(&self, books: &mut Books) -> Result<Self::Outcome, Refusal> {
        foreign_source(&self.source)?;
        let mut outcomes = Vec::with_capacity(self.calls.len());
        for call in &self.calls {
            let row = books.attempt(|books| call.record(&self.source, books));
            outcomes.push(outcome(&call.external_id, row));
        }
        Ok(outcomes)
    }
}

impl Command for RecordCharges {
    const NAME: &'static str = "recordCharges";
    type Outcome = Vec<RowOutcome>;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        noted(done, &self.source)
    }

    fn needs(&self, needs: &mut Needs) {
        for charge in &self.charges {
            needs.numbers.insert(charge.account_number.clone());
            let key = (self.source.clone(), charge.external_id.clone());
            needs.charges.insert(key);
        }
    }

    fn weight(&self) -> usize {
        self.charges.len()
    }

    /// # Errors
    /// `INVALID_INPUT` at `source` for the server's own. Of each row, in this order: `NOT_FOUND`, `EXTERNAL_ID_REUSED`,
    /// `INVALID_INPUT` (negative, in the future, before the customer was there), and but for calls
    /// `CUSTOMER_NOT_ACTIVE`, `INSUFFICIENT_FUNDS`.
    fn decide(&self, books: &mut Books) -> Result<Self::Outcome, Refusal> {
        foreign_source(&self.source)?;
        let mut outcomes = Vec::with_capacity(self.charges.len());
        for charge in &self.charges {
            let row = books.attempt(|books| charge.record(&self.source, books));
            outcomes.push(outcome(&charge.external_id, row));
        }
        Ok(outcomes)
    }
}

fn outcome(external_id: &Name, row: Result<(charge::Model, bool), Refusal>) -> RowOutcome {
    let replayed = matches!(row, Ok((_, true)));
    RowOutcome {
        external_id: external_id.clone(),
        result: row.map(|(charge, _)| charge),
        replayed,
    }
}

fn foreign_source(source: &Name) -> Result<(), Refusal> {
    if source.as_str() == OWN_SOURCE {
        let problem = "This source is the server's own.";
        return Err(Refusal::invalid("source", problem));
    }
    Ok(())
}

impl Call {
    fn record(&self, source: &Name, books: &mut Books) -> Result<(charge::Model, bool), Refusal> {
        let customer = customer_by(books, &self.account_number)?;
        let known = books
            .charges
            .get(&(source.clone(), self.external_id.clone()));
        if let Some(known) = known {
            let same = known.kind == ChargeKind::Call
                && known.customer_id == customer
                && known.occurred_at == self.answered_at
                && known.call_to.as_ref() == Some(&self.to)
                && known.call_seconds == Some(self.duration_seconds);
            return replay(known, same);
        }
        if self.duration_seconds < 0 {
            let problem = "A call lasts 0 seconds or more.";
            return Err(Refusal::invalid("durationSeconds", problem));
        }
        check_time(books, customer, self.answered_at, "answeredAt")?;
        let at = self.answered_at.min(books.now);
        let call_rate = books.call_rates.of(&self.to, at).cloned();
        let call_rate = call_rate.ok_or_else(|| Reason::DestinationNotRated.at("to"))?;
        let (billed, amount) = calls::price(&call_rate, self.duration_seconds)?;
        let draft = Draft {
            kind: ChargeKind::Call,
            description: line(&format!("Call to {}", call_rate.destination)),
            amount,
            commissionable: true,
            occurred_at: self.answered_at,
            source: source.clone(),
            external_id: self.external_id.clone(),
            product: None,
            plan: None,
            call: Some(CallDraft {
                to: self.to.clone(),
                destination: call_rate.destination,
                seconds: self.duration_seconds,
                billed,
                price_per_minute: call_rate.price_per_minute,
            }),
        };
        let parts = books.owed(customer, amount);
        Ok((books.charge(customer, draft, parts)?, false))
    }
}

impl RatedCharge {
    fn record(&self, source: &Name, books: &mut Books) -> Result<(charge::Model, bool), Refusal> {
        let customer = customer_by(books, &self.account_number)?;
        let known = books
            .charges
            .get(&(source.clone(), self.external_id.clone()));
        if let Some(known) = known {
            let same = known.kind == self.kind
                && known.customer_id == customer
                && known.occurred_at == self.occurred_at
                && known.amount == self.amount
                && known.description == self.description
                && known.commissionable == self.commissionable
                && known.call_to.is_none();
            return replay(known, same);
        }
        if self.amount.is_negative() {
            let problem = "A charge is 0.0000 or more.";
            return Err(Refusal::invalid("amount", problem));
        }
        check_time(books, customer, self.occurred_at, "occurredAt")?;
        let parts = if self.kind == ChargeKind::Call {
            books.owed(customer, self.amount)
        } else {
            books.open_customer(customer)?;
            books.affordable(customer, self.amount)?
        };
        let draft = Draft {
            kind: self.kind,
            description: self.description.clone(),
            amount: self.amount,
            commissionable: self.commissionable,
            occurred_at: self.occurred_at,
            source: source.clone(),
            external_id: self.external_id.clone(),
            product: None,
            plan: None,
            call: None,
        };
        Ok((books.charge(customer, draft, parts)?, false))
    }
}

fn customer_by(books: &Books, number: &AccountNumber) -> Result<CustomerId, Refusal> {
    let found = books.numbers.get(number).copied();
    found.ok_or_else(|| Refusal::not_found("account").at("accountNumber"))
}

fn replay(known: &charge::Model, same: bool) -> Result<(charge::Model, bool), Refusal> {
    if same {
        Ok((known.clone(), true))
    } else {
        Err(Reason::ExternalIdReused.at("externalId"))
    }
}

fn check_time(
    books: &Books,
    customer: CustomerId,
    at: DateTime<Utc>,
    field: &'static str,
) -> Result<(), Refusal> {
    if at > books.now + CLOCK_TOLERANCE {
        return Err(Refusal::invalid(field, "This is in the future."));
    }
    if at < books.customer(customer)?.customer.joined_at {
        return Err(Refusal::invalid(field, "The account was not there yet."));
    }
    Ok(())
}

/// A charge before it is paid for.
pub(super) struct Draft {
    pub kind: ChargeKind,
    pub description: Name,
    pub amount: Money,
    pub commissionable: bool,
    pub occurred_at: DateTime<Utc>,
    pub source: Name,
    pub external_id: Name,
    pub product: Option<ProductId>,
    pub plan: Option<PlanId>,
    pub call: Option<CallDraft>,
}

pub(super) struct CallDraft {
    pub to: PhoneNumber,
    pub destination: Name,
    pub seconds: i32,
    pub billed: i32,
    pub price_per_minute: Money,
}

/// What a charge is paid with: the parts sum to its amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    pub promo: Money,
    pub cash: Money,
    /// The commission of the agent whose own telephone account it is (E13).
    pub commission: Money,
}

impl Books {
    /// A customer that can buy and be given money.
    ///
    /// # Errors
    /// `NOT_FOUND`, `CUSTOMER_NOT_ACTIVE`.
    pub(super) fn open_customer(&self, id: CustomerId) -> Result<(), Refusal> {
        if self.customer(id)?.customer.status.is_open() {
            Ok(())
        } else {
            Err(Reason::CustomerNotActive.into())
        }
    }

    /// The agent whose own telephone account it is, with what commission it can spend there (R41).
    fn own_commission(&self, customer: CustomerId) -> Option<(AgentId, Money)> {
        let agent = self.customers.get(&customer)?.own_of?;
        let active = self.agents.get(&agent)?.agent.status == AgentStatus::Active;
        active.then(|| (agent, self.agent_balance(agent).commission))
    }

    /// Promo first, then cash, then on an agent's own account its commission (E13); the rest is owed in cash (E31).
    pub(super) fn owed(&self, customer: CustomerId, amount: Money) -> Parts {
        let balance = self.customer_balance(customer);
        let promo = amount.min(balance.promo);
        let left = amount - promo;
        let cash = left.min(balance.cash.not_negative());
        let own = self
            .own_commission(customer)
            .map_or(Money::ZERO, |(_, commission)| commission.not_negative());
        let commission = (left - cash).min(own);
        Parts {
            promo,
            cash: left - commission,
            commission,
        }
    }

    /// The same, where nothing may be owed.
    ///
    /// # Errors
    /// `COMMISSION_NEGATIVE` where an agent's own account has it, and owes it (E08); `INSUFFICIENT_FUNDS`, with what
    /// there is.
    pub(super) fn affordable(&self, customer: CustomerId, amount: Money) -> Result<Parts, Refusal> {
        let balance = self.customer_balance(customer);
        let own = self
            .own_commission(customer)
            .map_or(Money::ZERO, |(_, commission)| commission);
        let available = (balance.cash + balance.promo + own).not_negative();
        let parts = self.owed(customer, amount);
        let beyond = parts.cash.is_positive() && parts.cash > balance.cash;
        if amount > available || beyond {
            if own.is_negative() && amount <= balance.cash + balance.promo {
                return Err(Reason::CommissionNegative.into());
            }
            return Err(Reason::InsufficientFunds {
                available,
                requested: amount,
            }
            .into());
        }
        Ok(parts)
    }

    /// Posts a charge and, in the same transaction, what it earns the agent of record (R15, E05).
    ///
    /// # Errors
    /// `INVALID_INPUT` where a balance would leave the range of the books.
    pub(super) fn charge(
        &mut self,
        customer: CustomerId,
        draft: Draft,
        parts: Parts,
    ) -> Result<charge::Model, Refusal> {
        let id: ChargeId = self.new_id();
        let agent_id = self
            .customer(customer)?
            .agent_at(draft.occurred_at.min(self.now));
        let transaction_id = draft.amount.is_positive().then(|| self.new_id());
        let call = draft.call.as_ref();
        let charge = charge::Model {
            id,
            customer_id: customer,
            agent_id,
            kind: draft.kind,
            state: ChargeState::Posted,
            description: draft.description.clone(),
            product_id: draft.product,
            plan_id: draft.plan,
            amount: draft.amount,
            promo_part: parts.promo,
            refunded: Money::ZERO,
            commissionable: draft.commissionable,
            occurred_at: draft.occurred_at,
            created_at: self.now,
            transaction_id,
            source: draft.source,
            external_id: draft.external_id,
            call_to: call.map(|call| call.to.clone()),
            call_destination: call.map(|call| call.destination.clone()),
            call_seconds: call.map(|call| call.seconds),
            call_billed_seconds: call.map(|call| call.billed),
            call_price_per_minute: call.map(|call| call.price_per_minute),
        };
        if let Some(transaction_id) = transaction_id {
            let revenue = revenue(charge.kind);
            let mut posting = Posting::new(
                TransactionKind::Charge,
                (Cause::Charge, id.uuid()),
                draft.description,
                draft.occurred_at,
            );
            posting.moves(Place::Promo(customer), revenue, parts.promo);
            posting.moves(Place::Cash(customer), revenue, parts.cash);
            if let Some((agent, _)) = self.own_commission(customer) {
                posting.moves(Place::Commission(agent), revenue, parts.commission);
            }
            let forfeited = self.earn(&charge, transaction_id, &mut posting);
            self.post_as(transaction_id, posting)?;
            if let Some(row) = forfeited {
                self.forfeit_late(&row)?;
            }
        } else if let Some(agent_id) = agent_id {
            // A free charge earns nothing (R42), and is counted all the same.
            self.tally(agent_id, &charge, Money::ZERO, Money::ZERO);
        }
        let key = (charge.source.clone(), charge.external_id.clone());
        self.charges.add(key, charge.clone());
        Ok(charge)
    }
}
