//! `refundCharge`: a charge, or a part of it, is given back.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{ChargeId, Name};

use super::parties::{keeper, key};
use crate::Error;
use crate::graphql::access::enter;
use crate::graphql::context::noting;
use crate::graphql::error::{Answer, Payload, UserError, answer};
use crate::graphql::given::{Given, id, text};
use crate::graphql::nodes::{Charge, Commission};
use crate::graphql::scalars::Money;
use crate::program::RefundCharge;

/// What is given back, and why.
#[derive(InputObject)]
pub struct RefundChargeInput {
    /// A charge that was paid for.
    charge_id: Given<ID>,
    /// More than 0.0000, with at most four decimals, and no more than is left of the charge. All that is left, if left out.
    amount: Option<Given<Money>>,
    /// A line that the customer sees in its transactions, and the agent in its own: 1 to 200 characters.
    reason: String,
    /// The client's own name for this request, 1 to 255 characters.
    idempotency_key: String,
}

/// What became of a refund.
#[derive(SimpleObject)]
pub struct RefundChargePayload {
    /// The charge right after the refund. Null when it was refused.
    charge: Option<Charge>,
    /// What the refund took back of the agent's commission, as far below zero as was credited for this part. Null where
    /// the charge earned nobody anything, or nothing is left of that.
    clawback: Option<Commission>,
    /// Whether it is the first answer to this key, given again.
    replayed: bool,
    /// Why it was refused. Empty when it was not.
    user_errors: Vec<UserError>,
}

impl Payload for RefundChargePayload {
    fn refused(error: UserError, replayed: bool) -> Self {
        Self {
            charge: None,
            clawback: None,
            replayed,
            user_errors: vec![error],
        }
    }
}

/// Refunds.
#[derive(Default)]
pub struct RefundMutation;

#[Object]
impl RefundMutation {
    /// Operators: gives a charge back, or a part of it, as it was paid: to promotional credit, cash and, on an agent's own
    /// account, its commission, in the same proportion. In the same transaction the agent gives back that proportion of
    /// its commission, at the rate at which it was earned; where that is spent, its commission goes below zero.
    ///
    /// A charge can be refunded again until nothing of it is left. `amount` left out gives back all that is left.
    ///
    /// Refusals: `AMOUNT_NOT_POSITIVE`, `NOT_FOUND`, `ILLEGAL_STATE` for a free charge (`FREE`) and, with `amount` left
    /// out, for one of which nothing is left, `REFUND_EXCEEDS_CHARGE` with what is left, `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { refundCharge(input: {chargeId: "chg_…", amount: "1.0000", reason: "Bad line", idempotencyKey: "r-1"}) { charge { state refunded } clawback { amount } userErrors { code message } } }`
    async fn refund_charge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which charge, how much of it and why.")] input: RefundChargeInput,
    ) -> Answer<RefundChargePayload> {
        answer(async {
            let actor = enter(ctx)?;
            let amount = input.amount.as_ref().map(|amount| amount.at("amount"));
            let command = RefundCharge {
                charge: id::<ChargeId>(&input.charge_id, "chargeId")?,
                amount: amount.transpose()?,
                reason: text("reason", &input.reason, Name::parse)?,
            };
            let key = key(&input.idempotency_key)?;
            let ledger = noting(ctx);
            let answer = ledger.submit(keeper(&actor)?, key, command).await?;
            let replayed = answer.replayed;
            Ok::<_, Error>(match answer.outcome {
                Err(refusal) => RefundChargePayload::refused(refusal.into(), replayed),
                Ok(refunded) => RefundChargePayload {
                    charge: Some(Charge(refunded.charge)),
                    clawback: refunded.clawback.map(Commission),
                    replayed,
                    user_errors: Vec::new(),
                },
            })
        })
        .await
    }
}
