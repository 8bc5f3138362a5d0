//! What a customer gets back of a charge, and what its agent gives back of it (E07, E08).

use entity::charge::ChargeState;
use entity::transaction::{Cause, TransactionKind};
use entity::{ChargeId, Money, Name, TransactionId, TypedId, charge, commission};
use serde::{Deserialize, Serialize};

use super::charges::Parts;
use super::posting::{Place, Posting, line, revenue};
use super::{Books, Command, Needs, Noted, Reason, Refusal};

/// An operator gives back a charge, or a part of it.
#[derive(Clone, Debug, Serialize)]
pub struct RefundCharge {
    pub charge: ChargeId,
    /// All that is left of it, if left out.
    pub amount: Option<Money>,
    pub reason: Name,
}

/// A charge after a refund, and what that took back of the agent's commission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refunded {
    pub charge: charge::Model,
    pub clawback: Option<commission::Model>,
}

impl Command for RefundCharge {
    const NAME: &'static str = "refundCharge";
    type Outcome = Refunded;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        Some(Noted::about(done.charge.id).moves(self.amount, &self.reason))
    }

    fn needs(&self, needs: &mut Needs) {
        needs.charge_ids.insert(self.charge);
    }

    /// The money goes back as it was paid, to a customer that is closed too; the commission in the same transaction.
    ///
    /// # Errors
    /// In this order: `AMOUNT_NOT_POSITIVE`; `NOT_FOUND`; `ILLEGAL_STATE` for a free charge, and where all is meant and
    /// nothing is left; `REFUND_EXCEEDS_CHARGE`.
    fn decide(&self, books: &mut Books) -> Result<Refunded, Refusal> {
        if self.amount.is_some_and(|amount| !amount.is_positive()) {
            return Err(Reason::AmountNotPositive.at("amount"));
        }
        let charge = books.charge_of(self.charge);
        let charge = charge.map_err(|refusal| refusal.at("chargeId"))?.clone();
        if charge.amount.is_zero() {
            return Err(Reason::IllegalState("FREE".into()).at("chargeId"));
        }
        let left = charge.amount - charge.refunded;
        let amount = match self.amount {
            None if left.is_zero() => {
                return Err(Reason::IllegalState(charge.state.to_string()).at("chargeId"));
            }
            None => left,
            Some(requested) if requested > left => {
                return Err(Reason::RefundExceedsCharge { left, requested }.at("amount"));
            }
            Some(requested) => requested,
        };
        books.refund(charge, amount, &self.reason)
    }
}

impl Books {
    fn refund(
        &mut self,
        mut charge: charge::Model,
        amount: Money,
        reason: &Name,
    ) -> Result<Refunded, Refusal> {
        let commission = self.paid_with_commission.get(&charge.id);
        let paid = Parts {
            promo: charge.promo_part,
            cash: Money::ZERO,
            commission: commission.copied().unwrap_or_default(),
        };
        let before = back(charge.amount, paid, charge.refunded);
        charge.refunded += amount;
        charge.state = state_by_refunds(&charge);
        let after = back(charge.amount, paid, charge.refunded);

        let transaction_id: TransactionId = self.new_id();
        let mut posting = Posting::new(
            TransactionKind::ChargeRefunded,
            (Cause::Charge, charge.id.uuid()),
            line(&format!("Refund: {reason}")),
            self.now,
        );
        let revenue = revenue(charge.kind);
        let customer = charge.customer_id;
        posting.moves(revenue, Place::Promo(customer), after.promo - before.promo);
        posting.moves(revenue, Place::Cash(customer), after.cash - before.cash);
        if let Some(agent) = self.customer(customer)?.own_of {
            let part = after.commission - before.commission;
            posting.moves(revenue, Place::Commission(agent), part);
        }
        let base = amount - (after.promo - before.promo);
        let clawback = self.claw_back(charge.id, base, transaction_id, &mut posting);
        self.post_as(transaction_id, posting)?;
        let key = (charge.source.clone(), charge.external_id.clone());
        self.charges.change(&key, |row| *row = charge.clone());
        Ok(Refunded { charge, clawback })
    }
}

/// The state of a charge by what of it was given back; what is under suspicion, or was found out, stays so.
#[must_use]
pub(super) fn state_by_refunds(charge: &charge::Model) -> ChargeState {
    match charge.state {
        ChargeState::FraudHeld | ChargeState::FraudConfirmed => charge.state,
        _ if charge.refunded.is_zero() => ChargeState::Posted,
        _ if charge.refunded < charge.amount => ChargeState::PartiallyRefunded,
        _ => ChargeState::Refunded,
    }
}

/// What of each part is back once `refunded` of a charge's `amount` is: the same share of each, rounded to whole units
/// by what is back in all, so that the parts of many refunds sum to what was paid, and none ever goes down again.
fn back(amount: Money, paid: Parts, refunded: Money) -> Parts {
    let promo = share(refunded, paid.promo, amount);
    let rest = refunded - promo;
    let commission = share(rest, paid.commission, amount - paid.promo);
    Parts {
        promo,
        cash: rest - commission,
        commission,
    }
}

/// `of × part / whole`, rounded down to a unit.
fn share(of: Money, part: Money, whole: Money) -> Money {
    if part.is_zero() {
        return Money::ZERO;
    }
    let product = i128::from(of.units()) * i128::from(part.units());
    let units = product / i128::from(whole.units());
    Money::from_units(i64::try_from(units).expect("a part of an amount is no more than it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e07_however_it_is_given_back_no_part_ever_goes_down_and_all_come_out() {
        for (whole, promo, commission) in [
            (1, 0, 0),
            (1, 1, 0),
            (7, 3, 4),
            (7, 3, 2),
            (9, 0, 5),
            (198, 99, 98),
        ] {
            let units = Money::from_units;
            let paid = Parts {
                promo: units(promo),
                cash: units(whole - promo - commission),
                commission: units(commission),
            };
            let mut last = Parts::default();
            for refunded in 1..=whole {
                let now = back(units(whole), paid, units(refunded));
                assert_eq!(now.promo + now.cash + now.commission, units(refunded));
                assert!(now.promo >= last.promo && now.cash >= last.cash);
                assert!(now.commission >= last.commission);
                last = now;
            }
            assert_eq!(last, paid);
        }
    }
}
