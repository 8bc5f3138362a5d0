//! What is on the price list, bought (R25, R31, R32, R41), and monthly fees (E31).

use chrono::{DateTime, Months, TimeDelta, Utc};
use entity::charge::ChargeKind;
use entity::plan::PlanState;
use entity::product::ProductKind;
use entity::top_up::TopUpMethod;
use entity::{CustomerId, Money, Name, PlanId, ProductId, charge, plan, product, top_up};
use serde::{Deserialize, Serialize};

use super::charges::{Draft, OWN_SOURCE, Parts};
use super::posting::line;
use super::top_ups::Intent;
use super::{Books, Command, Needs, Noted, Party, Reason, Refusal};

/// What was bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchased {
    pub charge: charge::Model,
    /// For a PLAN, whose first fee the charge is.
    pub plan: Option<plan::Model>,
}

/// A product at the public price, paid with the account's own money.
#[derive(Clone, Debug, Serialize)]
pub struct PurchaseProduct {
    pub by: Party,
    pub customer: CustomerId,
    pub product_code: Name,
}

fn needs_purchase(by: Party, customer: CustomerId, product_code: &Name, needs: &mut Needs) {
    needs.customer(customer);
    needs.product_codes.insert(product_code.clone());
    if let Party::Agent(agent) = by {
        needs.agent(agent);
    }
}

impl Command for PurchaseProduct {
    const NAME: &'static str = "purchaseProduct";
    type Outcome = Purchased;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        let noted = Noted::about(done.charge.id).in_account(self.by, self.customer);
        Some(noted.says(&self.product_code))
    }

    fn needs(&self, needs: &mut Needs) {
        needs_purchase(self.by, self.customer, &self.product_code, needs);
    }

    /// # Errors
    /// In this order: `NOT_FOUND`, `NOT_MANAGED`; `CUSTOMER_NOT_ACTIVE`; `PRODUCT_NOT_AVAILABLE` (R31);
    /// `INSUFFICIENT_FUNDS` (E31).
    fn decide(&self, books: &mut Books) -> Result<Purchased, Refusal> {
        let product = books.sells(self.by, self.customer, &self.product_code)?;
        let parts = books.affordable(self.customer, product.price)?;
        let (charge, plan) = books.buy(self.customer, &product, parts, None)?;
        Ok(Purchased { charge, plan })
    }
}

/// A product at the public price, to be paid by card or `PayPal`: the intent, PENDING until the gateway has spoken.
#[derive(Clone, Debug, Serialize)]
pub struct BeginCardPurchase {
    pub by: Party,
    pub customer: CustomerId,
    pub product_code: Name,
    pub payment_token: String,
}

impl Command for BeginCardPurchase {
    const NAME: &'static str = "purchaseProduct";
    type Outcome = top_up::Model;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        let noted = Noted::about(done.id).in_account(self.by, self.customer);
        Some(noted.says(&self.product_code))
    }

    fn needs(&self, needs: &mut Needs) {
        needs_purchase(self.by, self.customer, &self.product_code, needs);
        let key = (self.customer, TopUpMethod::CreditCard);
        needs.paid_in.insert(key);
    }

    /// # Errors
    /// In this order: `NOT_FOUND`, `NOT_MANAGED`; `CUSTOMER_NOT_ACTIVE`; `PRODUCT_NOT_AVAILABLE`; `INVALID_INPUT` at
    /// `paymentToken` for what is free; `INSUFFICIENT_FUNDS` while the account is in debt, which a top-up pays off;
    /// `TOP_UP_METHOD_LIMIT` beyond what the method allows (R34).
    fn decide(&self, books: &mut Books) -> Result<top_up::Model, Refusal> {
        let product = books.sells(self.by, self.customer, &self.product_code)?;
        if !product.price.is_positive() {
            let problem = "This is free: there is nothing to pay.";
            return Err(Refusal::invalid("paymentToken", problem));
        }
        books.not_in_debt(self.customer, product.price, Money::ZERO)?;
        let beyond = |mut refusal: Refusal| {
            refusal.field = Some("paymentToken".into());
            refusal
        };
        let intent = Intent {
            customer: self.customer,
            amount: in_cents(product.price),
            method: TopUpMethod::CreditCard,
            payment_token: Some(self.payment_token.clone()),
            product: Some(product.id),
        };
        books.begin_top_up(intent).map_err(beyond)
    }
}

/// What a card is charged for a price: the next whole cent (E11); the rest stays on the account.
fn in_cents(price: Money) -> Money {
    let cent = Money::CENT.units();
    Money::from_units((price.units() + cent - 1) / cent * cent)
}

/// The external id of what a card purchase bought: how a repeated request finds it.
///
/// # Panics
/// Never: an id is a name.
#[must_use]
pub fn external_id_of(id: impl std::fmt::Display) -> Name {
    line(&id.to_string())
}

/// The source of the server's own charges, as the charge has it.
#[must_use]
pub fn own_source() -> Name {
    line(OWN_SOURCE)
}

impl Books {
    /// A product on the list, for an account that the party may act in.
    fn sells(
        &self,
        by: Party,
        customer: CustomerId,
        code: &Name,
    ) -> Result<product::Model, Refusal> {
        let named = |refusal: Refusal| refusal.at("customerId");
        self.may_act(by, customer).map_err(named)?;
        self.open_customer(customer).map_err(named)?;
        let mut on_list = self.products.values();
        on_list
            .find(|product| product.code == *code && product.available)
            .cloned()
            .ok_or_else(|| Reason::ProductNotAvailable.at("productCode"))
    }

    /// What a settled top-up was to buy, paid with it alone.
    ///
    /// # Errors
    /// `PRODUCT_NOT_AVAILABLE` where it is off the list or has another price by now; `CUSTOMER_NOT_ACTIVE`.
    pub(super) fn buy_with(
        &mut self,
        top_up: &top_up::Model,
        product: ProductId,
    ) -> Result<(charge::Model, Option<plan::Model>), Refusal> {
        let product = self.products.get(&product).cloned();
        let product = product
            .filter(|product| product.available && in_cents(product.price) == top_up.amount)
            .ok_or(Reason::ProductNotAvailable)?;
        self.open_customer(top_up.customer_id)?;
        self.not_in_debt(top_up.customer_id, product.price, top_up.amount)?;
        let parts = Parts {
            cash: product.price,
            ..Parts::default()
        };
        let id = external_id_of(top_up.id);
        self.buy(top_up.customer_id, &product, parts, Some(id))
    }

    /// Cash below zero is paid off before anything is bought: only a call takes it there (`program.md` 4.7, E31).
    ///
    /// # Errors
    /// `INSUFFICIENT_FUNDS` where, with `paid_in` on the account already, a debt stood before it.
    fn not_in_debt(
        &self,
        customer: CustomerId,
        requested: Money,
        paid_in: Money,
    ) -> Result<(), Refusal> {
        let cash = self.customer_balance(customer).cash - paid_in;
        if cash.is_negative() {
            let available = Money::ZERO;
            return Err(Reason::InsufficientFunds {
                available,
                requested,
            }
            .into());
        }
        Ok(())
    }

    fn buy(
        &mut self,
        customer: CustomerId,
        product: &product::Model,
        parts: Parts,
        external_id: Option<Name>,
    ) -> Result<(charge::Model, Option<plan::Model>), Refusal> {
        let plan = (product.kind == ProductKind::Plan).then(|| {
            let due_at = due(self.now, 1);
            plan::Model {
                id: self.new_id(),
                customer_id: customer,
                product_id: product.id,
                state: PlanState::Active,
                started_at: self.now,
                period: 1,
                due_at,
                next_attempt_at: Some(due_at),
                cancelled_at: None,
            }
        });
        let external_id = external_id.unwrap_or_else(|| match &plan {
            Some(plan) => fee_id(plan.id, 0),
            None => external_id_of(self.new_id::<entity::ChargeId>()),
        });
        let draft = Draft {
            kind: match product.kind {
                ProductKind::Service => ChargeKind::Service,
                ProductKind::Plan => ChargeKind::PlanFee,
            },
            description: product.name.clone(),
            amount: product.price,
            commissionable: product.commissionable,
            occurred_at: self.now,
            source: own_source(),
            external_id,
            product: Some(product.id),
            plan: plan.as_ref().map(|plan| plan.id),
            call: None,
        };
        let charge = self.charge(customer, draft, parts)?;
        if let Some(plan) = &plan {
            self.plans.add(plan.id, plan.clone());
        }
        Ok((charge, plan))
    }
}

fn fee_id(plan: PlanId, period: i32) -> Name {
    line(&format!("{plan}:{period}"))
}

/// When a fee is due: so many months after the start, on the last day of a month that is too short.
fn due(started_at: DateTime<Utc>, period: i32) -> DateTime<Utc> {
    let months = Months::new(u32::try_from(period).unwrap_or(0));
    started_at.checked_add_months(months).unwrap_or(started_at)
}

/// Ends a plan: no further fee.
#[derive(Clone, Debug, Serialize)]
pub struct CancelPlan {
    pub by: Party,
    pub plan: PlanId,
}

impl Command for CancelPlan {
    const NAME: &'static str = "cancelPlan";
    type Outcome = plan::Model;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        Some(Noted::about(done.id).in_account(self.by, done.customer_id))
    }

    fn needs(&self, needs: &mut Needs) {
        needs.plans.insert(self.plan);
        if let Party::Agent(agent) = self.by {
            needs.agent(agent);
        }
    }

    /// # Errors
    /// In this order: `NOT_FOUND`, `NOT_MANAGED`; `ILLEGAL_STATE` once CANCELLED.
    fn decide(&self, books: &mut Books) -> Result<plan::Model, Refusal> {
        let missing = || Refusal::not_found("plan").at("planId");
        let plan = books.plans.get(&self.plan).ok_or_else(missing)?;
        let allowed = books.may_act(self.by, plan.customer_id);
        allowed.map_err(|refusal| match refusal.reason {
            Reason::NotFound(_) => missing(),
            _ => refusal.at("planId"),
        })?;
        if plan.state == PlanState::Cancelled {
            return Err(Reason::IllegalState(plan.state.to_string()).at("planId"));
        }
        let mut plan = plan.clone();
        plan.state = PlanState::Cancelled;
        plan.next_attempt_at = None;
        plan.cancelled_at = Some(books.now);
        books.plans.change(&self.plan, |row| *row = plan.clone());
        Ok(plan)
    }
}

/// Charges the fee of a plan that is due, once, however many ask (E31).
#[derive(Clone, Debug, Serialize)]
pub struct ChargePlanFee {
    pub plan: PlanId,
    /// Which fee was seen to be due: another process may have charged it by now.
    pub period: i32,
}

/// What became of a fee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeeOutcome {
    Charged,
    /// Not covered: tried again in a day.
    PastDue,
    /// Not due (any more).
    Stale,
}

impl Command for ChargePlanFee {
    const NAME: &'static str = "chargePlanFee";
    type Outcome = FeeOutcome;

    fn noted(&self, _: &Self::Outcome) -> Option<Noted> {
        None
    }

    fn needs(&self, needs: &mut Needs) {
        needs.plans.insert(self.plan);
    }

    /// Never refused but by a fault of the books' range.
    fn decide(&self, books: &mut Books) -> Result<FeeOutcome, Refusal> {
        let Some(plan) = books.plans.get(&self.plan).cloned() else {
            return Ok(FeeOutcome::Stale);
        };
        let is_due = plan.next_attempt_at.is_some_and(|at| at <= books.now);
        if plan.state == PlanState::Cancelled || plan.period != self.period || !is_due {
            return Ok(FeeOutcome::Stale);
        }
        let product = books.products.get(&plan.product_id).cloned();
        let product = product.ok_or_else(|| Refusal::not_found("product"))?;
        let paid = books.attempt(|books| {
            books.open_customer(plan.customer_id)?;
            let parts = books.affordable(plan.customer_id, product.price)?;
            let draft = Draft {
                kind: ChargeKind::PlanFee,
                description: product.name.clone(),
                amount: product.price,
                commissionable: product.commissionable,
                occurred_at: plan.due_at,
                source: own_source(),
                external_id: fee_id(plan.id, plan.period),
                product: Some(product.id),
                plan: Some(plan.id),
                call: None,
            };
            books.charge(plan.customer_id, draft, parts)
        });
        let now = books.now;
        let outcome = if paid.is_ok() {
            FeeOutcome::Charged
        } else {
            FeeOutcome::PastDue
        };
        books.plans.change(&plan.id, |row| match outcome {
            FeeOutcome::Charged => {
                row.state = PlanState::Active;
                row.period += 1;
                row.due_at = due(row.started_at, row.period);
                row.next_attempt_at = Some(row.due_at);
            }
            FeeOutcome::PastDue | FeeOutcome::Stale => {
                row.state = PlanState::PastDue;
                row.next_attempt_at = Some(now + TimeDelta::days(1));
            }
        });
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e31_a_fee_of_the_31st_is_due_on_the_last_day_of_a_short_month() {
        let start = "2026-01-31T10:00:00Z".parse().unwrap();
        let at = |period| due(start, period).to_rfc3339();
        assert_eq!(at(1), "2026-02-28T10:00:00+00:00");
        assert_eq!(at(2), "2026-03-31T10:00:00+00:00");
    }

    #[test]
    fn e11_a_card_is_charged_whole_cents() {
        for (price, charged) in [(100, 100), (101, 200), (99_950, 100_000), (1, 100)] {
            let price = Money::from_units(price);
            assert_eq!(in_cents(price), Money::from_units(charged));
        }
        assert!(plan_fee_ids_differ());
    }

    fn plan_fee_ids_differ() -> bool {
        use entity::TypedId;
        let plan = PlanId::from_uuid(uuid::Uuid::from_u128(7));
        fee_id(plan, 0) != fee_id(plan, 1)
    }
}
