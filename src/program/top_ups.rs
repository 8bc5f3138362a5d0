//! Money paid in (R25, R27, R33, R34): an intent first, then what the processor or the bank says.

use chrono::{DateTime, Utc};
use entity::entry::Account;
use entity::top_up::{TopUpMethod, TopUpState};
use entity::transaction::{Cause, TransactionKind};
use entity::{CustomerId, Money, Name, ProductId, TopUpId, TypedId, charge, plan, top_up};
use serde::{Deserialize, Serialize};

use super::posting::{Place, Posting, line};
use super::transfers::positive_cents;
use super::{Books, Command, Needs, Noted, Party, Reason, Refusal};

/// Money is to be paid in: PENDING, and nothing moves yet.
#[derive(Clone, Debug, Serialize)]
pub struct BeginTopUp {
    pub by: Party,
    pub customer: CustomerId,
    pub amount: Money,
    pub method: TopUpMethod,
    /// The processor's token. Not for a wire, and for all others required.
    pub payment_token: Option<String>,
}

impl Command for BeginTopUp {
    const NAME: &'static str = "topUp";
    type Outcome = top_up::Model;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        let noted = Noted::about(done.id).in_account(self.by, self.customer);
        Some(noted.moves(Some(self.amount), ""))
    }

    fn needs(&self, needs: &mut Needs) {
        needs.customer(self.customer);
        needs.paid_in.insert((self.customer, self.method));
        if let Party::Agent(agent) = self.by {
            needs.agent(agent);
        }
    }

    /// # Errors
    /// In this order: `AMOUNT_NOT_POSITIVE`, `AMOUNT_NOT_WHOLE_CENTS` (E11); `NOT_FOUND`, `NOT_MANAGED`;
    /// `CUSTOMER_NOT_ACTIVE`; `INVALID_INPUT` for the token; `TOP_UP_METHOD_LIMIT` (R34).
    fn decide(&self, books: &mut Books) -> Result<top_up::Model, Refusal> {
        positive_cents(self.amount)?;
        let named = |refusal: Refusal| refusal.at("customerId");
        books.may_act(self.by, self.customer).map_err(named)?;
        books.open_customer(self.customer).map_err(named)?;
        match (self.method, &self.payment_token) {
            (TopUpMethod::Wire, Some(_)) => {
                let problem = "A wire has no payment token.";
                return Err(Refusal::invalid("paymentToken", problem));
            }
            (TopUpMethod::Wire, None) | (_, Some(_)) => {}
            (_, None) => {
                let problem = "Give the processor's token for the card or account.";
                return Err(Refusal::invalid("paymentToken", problem));
            }
        }
        let least = books.terms.top_up_limits(self.method).minimum;
        if self.amount < least {
            let problem = format!("The least by this method is {least}.");
            return Err(Reason::TopUpMethodLimit(problem.into()).at("amount"));
        }
        let new = Intent {
            customer: self.customer,
            amount: self.amount,
            method: self.method,
            payment_token: self.payment_token.clone(),
            product: None,
        };
        books.begin_top_up(new)
    }
}

pub(super) struct Intent {
    pub customer: CustomerId,
    pub amount: Money,
    pub method: TopUpMethod,
    pub payment_token: Option<String>,
    /// What it is to buy at once.
    pub product: Option<ProductId>,
}

impl Books {
    /// A PENDING top-up within the limits of its method (R34).
    ///
    /// # Errors
    /// `TOP_UP_METHOD_LIMIT` at `amount`.
    pub(super) fn begin_top_up(&mut self, intent: Intent) -> Result<top_up::Model, Refusal> {
        let limits = self.terms.top_up_limits(intent.method);
        if let Some(most) = limits.maximum
            && intent.amount > most
        {
            let problem = format!("The most by this method is {most}.");
            return Err(Reason::TopUpMethodLimit(problem.into()).at("amount"));
        }
        let key = (intent.customer, intent.method);
        let today = self.paid_in.get(&key).copied().unwrap_or_default();
        let sum = today.checked_add(intent.amount);
        if let Some(most) = limits.maximum_per_day
            && sum.is_none_or(|sum| sum > most)
        {
            let left = (most - today).not_negative();
            let problem = format!("The most by this method in 24 hours is {most}; {left} is left.");
            return Err(Reason::TopUpMethodLimit(problem.into()).at("amount"));
        }
        self.paid_in.add(key, sum.unwrap_or(today));
        let top_up = top_up::Model {
            id: self.new_id(),
            customer_id: intent.customer,
            method: intent.method,
            amount: intent.amount,
            state: TopUpState::Pending,
            payment_token: intent.payment_token,
            reference: None,
            product_id: intent.product,
            created_at: self.now,
            settled_at: None,
            transaction_id: None,
            give_back_since: None,
            reversed_at: None,
            reversal_reference: None,
        };
        self.top_ups.add(top_up.id, top_up.clone());
        Ok(top_up)
    }

    /// Puts the money of a top-up on the account.
    ///
    /// # Errors
    /// `INVALID_INPUT` where a balance would leave the range of the books.
    fn settle(
        &mut self,
        mut top_up: top_up::Model,
        reference: Name,
    ) -> Result<top_up::Model, Refusal> {
        let (clearing, description) = clearing(top_up.method);
        let mut posting = Posting::new(
            TransactionKind::TopUp,
            (Cause::TopUp, top_up.id.uuid()),
            line(description),
            self.now,
        );
        let to = Place::Cash(top_up.customer_id);
        posting.moves(Place::House(clearing), to, top_up.amount);
        top_up.transaction_id = Some(self.post(posting)?);
        top_up.state = TopUpState::Settled;
        top_up.reference = Some(reference);
        top_up.settled_at = Some(self.now);
        self.keep_top_up(&top_up);
        Ok(top_up)
    }

    pub(super) fn keep_top_up(&mut self, top_up: &top_up::Model) {
        self.top_ups.change(&top_up.id, |row| *row = top_up.clone());
    }

    pub(super) fn top_up(&self, id: TopUpId) -> Result<top_up::Model, Refusal> {
        let found = self.top_ups.get(&id).cloned();
        found.ok_or_else(|| Refusal::not_found("top-up").at("topUpId"))
    }
}

/// Where money of a method comes from, and what its owner reads.
pub(super) fn clearing(method: TopUpMethod) -> (Account, &'static str) {
    match method {
        TopUpMethod::CreditCard => (Account::ClearingCard, "Top-up by credit card"),
        TopUpMethod::DebitCard => (Account::ClearingCard, "Top-up by debit card"),
        TopUpMethod::Paypal => (Account::ClearingPaypal, "Top-up by PayPal"),
        TopUpMethod::Wire => (Account::ClearingBank, "Top-up by wire"),
    }
}

/// An operator or a processor says that a pending top-up arrived.
#[derive(Clone, Debug, Serialize)]
pub struct SettleTopUp {
    pub top_up: TopUpId,
    pub reference: Name,
}

impl Command for SettleTopUp {
    const NAME: &'static str = "settleTopUp";
    type Outcome = top_up::Model;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        Some(Noted::about(done.id).moves(Some(done.amount), &self.reference))
    }

    fn needs(&self, needs: &mut Needs) {
        needs.top_ups.insert(self.top_up);
    }

    /// # Errors
    /// In this order: `NOT_FOUND`; `ILLEGAL_STATE` unless PENDING. One that is to buy something buys it if it still
    /// can, and is cash on the account if not.
    fn decide(&self, books: &mut Books) -> Result<top_up::Model, Refusal> {
        let top_up = books.top_up(self.top_up)?;
        if top_up.state != TopUpState::Pending {
            return Err(Reason::IllegalState(top_up.state.to_string()).at("topUpId"));
        }
        let settled = books.settle(top_up, self.reference.clone())?;
        if let Some(product) = settled.product_id {
            // The money has arrived whatever becomes of the purchase.
            let bought = books.attempt(|books| books.buy_with(&settled, product));
            drop(bought);
        }
        Ok(settled)
    }
}

/// What the payment gateway said of a top-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum GatewaySaid {
    Approved {
        reference: Name,
    },
    Declined,
    /// Nothing yet, and nobody waits any longer: what it may have taken goes back.
    GivenUp,
}

/// What became of a top-up that the gateway has spoken on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, and mostly the large one"
)]
pub enum Finished {
    /// Settled; with what it bought, where it was to buy something.
    Settled {
        top_up: top_up::Model,
        charge: Option<charge::Model>,
        plan: Option<plan::Model>,
    },
    Failed {
        top_up: top_up::Model,
        /// The gateway took money for what could then not be bought: it is to be given back.
        give_back: bool,
    },
}

/// Carries out what the gateway said: any number of times with the same end.
#[derive(Clone, Debug, Serialize)]
pub struct FinishTopUp {
    pub top_up: TopUpId,
    pub said: GatewaySaid,
}

impl Command for FinishTopUp {
    const NAME: &'static str = "finishTopUp";
    type Outcome = Finished;

    fn noted(&self, _: &Self::Outcome) -> Option<Noted> {
        None
    }

    fn needs(&self, needs: &mut Needs) {
        needs.top_ups.insert(self.top_up);
    }

    /// # Errors
    /// `NOT_FOUND`.
    fn decide(&self, books: &mut Books) -> Result<Finished, Refusal> {
        let mut top_up = books.top_up(self.top_up)?;
        match top_up.state {
            TopUpState::Settled | TopUpState::Reversed => {
                return Ok(Finished::Settled {
                    charge: None,
                    plan: None,
                    top_up,
                });
            }
            TopUpState::Failed => {
                let give_back = matches!(self.said, GatewaySaid::Approved { .. });
                if give_back {
                    top_up.give_back_since.get_or_insert(books.now);
                    books.keep_top_up(&top_up);
                }
                return Ok(Finished::Failed { top_up, give_back });
            }
            TopUpState::Pending => {}
        }
        let GatewaySaid::Approved { reference } = &self.said else {
            let give_back = self.said == GatewaySaid::GivenUp;
            return Ok(fail(top_up, books, give_back));
        };
        let Some(product) = top_up.product_id else {
            let top_up = books.settle(top_up, reference.clone())?;
            return Ok(Finished::Settled {
                top_up,
                charge: None,
                plan: None,
            });
        };
        // A top-up and the purchase: both or neither.
        let both = books.attempt(|books| {
            let top_up = books.settle(top_up.clone(), reference.clone())?;
            let (charge, plan) = books.buy_with(&top_up, product)?;
            Ok(Finished::Settled {
                top_up,
                charge: Some(charge),
                plan,
            })
        });
        Ok(both.unwrap_or_else(|_| fail(top_up, books, true)))
    }
}

fn fail(mut top_up: top_up::Model, books: &mut Books, give_back: bool) -> Finished {
    top_up.state = TopUpState::Failed;
    top_up.settled_at = Some(books.now);
    top_up.give_back_since = give_back.then_some(books.now);
    books.keep_top_up(&top_up);
    Finished::Failed { top_up, give_back }
}

/// The processor has given back what it took for a top-up that failed.
#[derive(Clone, Debug, Serialize)]
pub struct GaveBack {
    pub top_up: TopUpId,
}

impl Command for GaveBack {
    const NAME: &'static str = "gaveBack";
    type Outcome = top_up::Model;

    fn noted(&self, _: &Self::Outcome) -> Option<Noted> {
        None
    }

    fn needs(&self, needs: &mut Needs) {
        needs.top_ups.insert(self.top_up);
    }

    /// # Errors
    /// `NOT_FOUND`.
    fn decide(&self, books: &mut Books) -> Result<top_up::Model, Refusal> {
        let mut top_up = books.top_up(self.top_up)?;
        if top_up.give_back_since.take().is_some() {
            books.keep_top_up(&top_up);
        }
        Ok(top_up)
    }
}

/// When a top-up that nobody has decided is asked about again, and by when it counts as failed.
#[must_use]
pub fn is_stale(top_up: &top_up::Model, now: DateTime<Utc>) -> bool {
    top_up.state == TopUpState::Pending
        && top_up.method != TopUpMethod::Wire
        && now - top_up.created_at > chrono::TimeDelta::minutes(1)
}
