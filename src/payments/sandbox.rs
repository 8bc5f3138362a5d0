use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use entity::TopUpId;

use super::{Charge, GatewayFault, PaymentGateway, Verdict};

/// A processor that moves no money: the token says what becomes of the payment.
///
/// `tok_approve…` is taken, `tok_decline…` is declined, `tok_stall…` stays undecided; any other token is declined. What
/// it answered it remembers by reference, as a processor does, until the process ends.
#[derive(Debug, Default)]
pub struct Sandbox {
    seen: Mutex<HashMap<TopUpId, (Charge, Verdict)>>,
}

#[async_trait]
impl PaymentGateway for Sandbox {
    async fn charge(&self, charge: Charge) -> Result<Verdict, GatewayFault> {
        let mut seen = self.seen.lock().expect("nothing panics while it is held");
        let (first, verdict) = seen
            .entry(charge.reference)
            .or_insert_with(|| (charge.clone(), verdict(&charge)));
        if *first == charge {
            Ok(verdict.clone())
        } else {
            Err(GatewayFault(format!(
                "{} was used for another payment",
                charge.reference
            )))
        }
    }

    async fn refund(&self, top_up: TopUpId) -> Result<Verdict, GatewayFault> {
        Ok(Verdict::Approved {
            reference: format!("sandbox-refund-{top_up}"),
        })
    }
}

fn verdict(charge: &Charge) -> Verdict {
    if charge.token.starts_with("tok_approve") {
        Verdict::Approved {
            reference: format!("sandbox-{}", charge.reference),
        }
    } else if charge.token.starts_with("tok_stall") {
        Verdict::Pending
    } else {
        Verdict::Declined
    }
}

#[cfg(test)]
mod tests {
    use entity::top_up::TopUpMethod;
    use entity::{Money, TypedId};
    use uuid::Uuid;

    use super::*;

    fn charge(reference: u128, token: &str) -> Charge {
        Charge {
            reference: TopUpId::from_uuid(Uuid::from_u128(reference)),
            amount: Money::from_units(100_000),
            method: TopUpMethod::CreditCard,
            token: token.into(),
        }
    }

    #[tokio::test]
    async fn the_token_says_what_becomes_of_a_payment() {
        let sandbox = Sandbox::default();
        let approved = sandbox.charge(charge(1, "tok_approve_visa")).await;
        assert!(matches!(approved, Ok(Verdict::Approved { .. })));
        for (reference, token, verdict) in [
            (2, "tok_decline_visa", Verdict::Declined),
            (3, "tok_stall", Verdict::Pending),
            (4, "something", Verdict::Declined),
        ] {
            assert_eq!(sandbox.charge(charge(reference, token)).await, Ok(verdict));
        }
    }

    #[tokio::test]
    async fn a_payment_asked_for_again_gets_its_first_answer() {
        let sandbox = Sandbox::default();
        let first = sandbox.charge(charge(1, "tok_approve")).await;
        assert_eq!(sandbox.charge(charge(1, "tok_approve")).await, first);
        assert!(sandbox.charge(charge(1, "tok_decline")).await.is_err());
    }
}
