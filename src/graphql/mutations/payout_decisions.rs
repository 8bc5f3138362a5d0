//! What operators decide on payouts.

use async_graphql::{Context, ID, InputObject, Object};
use entity::{Name, PayoutId, Prose};

use super::parties::{keeper, key, operator};
use super::payouts::{PayoutDecisionInput, PayoutPayload};
use crate::Error;
use crate::graphql::access::enter;
use crate::graphql::context::noting;
use crate::graphql::error::{Answer, answer};
use crate::graphql::given::{Given, id, optional_text, text};
use crate::program::{
    ApprovePayout, Command, PayoutDecided, RejectPayout, ReturnPayout, SendPayout, SettlePayout,
};

/// A payout that came back.
#[derive(InputObject)]
pub struct ReturnPayoutInput {
    /// A payout that is SENT.
    payout_id: Given<ID>,
    /// Why, as the bank says: 1 to 4,000 characters.
    reason: String,
    /// Whether the agent gets the fee back too.
    #[graphql(default = false)]
    return_fee: bool,
    /// The client's own name for this request, 1 to 255 characters.
    idempotency_key: String,
}

async fn decide<C>(
    ctx: &Context<'_>,
    given_key: &str,
    command: impl FnOnce(&crate::auth::Actor) -> Result<C, Error>,
) -> Result<PayoutPayload, Error>
where
    C: Command<Outcome = PayoutDecided>,
{
    let actor = enter(ctx)?;
    let command = command(&actor)?;
    let key = key(given_key)?;
    let ledger = noting(ctx);
    let answer = ledger.submit(keeper(&actor)?, key, command).await?;
    Ok(PayoutPayload::of(answer))
}

impl PayoutDecisionInput {
    fn payout(&self) -> Result<PayoutId, Error> {
        Ok(id::<PayoutId>(&self.payout_id, "payoutId")?)
    }

    fn reference(&self) -> Result<Option<Name>, Error> {
        Ok(optional_text(
            "reference",
            self.reference.as_deref(),
            Name::parse,
        )?)
    }

    fn reason(&self) -> Result<Option<Prose>, Error> {
        Ok(optional_text(
            "reason",
            self.reason.as_deref(),
            Prose::parse,
        )?)
    }
}

/// Decisions on payouts.
#[derive(Default)]
pub struct PayoutDecisionMutation;

#[Object]
impl PayoutDecisionMutation {
    /// Operators: agrees to a payout that is REQUESTED.
    ///
    /// Refusals: `NOT_FOUND`, `ILLEGAL_STATE`, `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { approvePayout(input: {payoutId: "pay_…", idempotencyKey: "d-1"}) { payout { state } userErrors { code message } } }`
    async fn approve_payout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which payout.")] input: PayoutDecisionInput,
    ) -> Answer<PayoutPayload> {
        answer(decide(ctx, &input.idempotency_key, |actor| {
            Ok(ApprovePayout {
                operator: operator(actor)?,
                payout: input.payout()?,
            })
        }))
        .await
    }

    /// Operators: refuses a payout that is REQUESTED or APPROVED; the money goes back to where it came from.
    ///
    /// Refusals: `INVALID_INPUT` without a reason, `NOT_FOUND`, `ILLEGAL_STATE`, `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { rejectPayout(input: {payoutId: "pay_…", reason: "Name and account differ", idempotencyKey: "d-2"}) { payout { state } userErrors { code message } } }`
    async fn reject_payout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which payout, and why.")] input: PayoutDecisionInput,
    ) -> Answer<PayoutPayload> {
        answer(decide(ctx, &input.idempotency_key, |actor| {
            Ok(RejectPayout {
                operator: operator(actor)?,
                payout: input.payout()?,
                reason: input.reason()?,
            })
        }))
        .await
    }

    /// Operators: has sent a payout that is APPROVED. Above the operator's limit the one who sends is not the one who
    /// approved.
    ///
    /// Refusals: `INVALID_INPUT` without a reference, `NOT_FOUND`, `ILLEGAL_STATE`, `SECOND_PERSON_REQUIRED`,
    /// `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { sendPayout(input: {payoutId: "pay_…", reference: "W-4711", idempotencyKey: "d-3"}) { payout { state sentAt } userErrors { code message } } }`
    async fn send_payout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which payout, and the bank's reference.")] input: PayoutDecisionInput,
    ) -> Answer<PayoutPayload> {
        answer(decide(ctx, &input.idempotency_key, |actor| {
            Ok(SendPayout {
                operator: operator(actor)?,
                payout: input.payout()?,
                reference: input.reference()?,
            })
        }))
        .await
    }

    /// Operators: a payout that is SENT has arrived.
    ///
    /// Refusals: `NOT_FOUND`, `ILLEGAL_STATE`, `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { settlePayout(input: {payoutId: "pay_…", idempotencyKey: "d-4"}) { payout { state settledAt } userErrors { code message } } }`
    async fn settle_payout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which payout.")] input: PayoutDecisionInput,
    ) -> Answer<PayoutPayload> {
        answer(decide(ctx, &input.idempotency_key, |_| {
            Ok(SettlePayout {
                payout: input.payout()?,
                reference: input.reference()?,
            })
        }))
        .await
    }

    /// Operators: a payout that is SENT came back. The net is the agent's again, and the fee too if `returnFee` says so.
    ///
    /// Refusals: `NOT_FOUND`, `ILLEGAL_STATE`, `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { returnPayout(input: {payoutId: "pay_…", reason: "Account closed", returnFee: true, idempotencyKey: "d-5"}) { payout { state } userErrors { code message } } }`
    async fn return_payout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which payout, why, and what of the fee.")] input: ReturnPayoutInput,
    ) -> Answer<PayoutPayload> {
        answer(decide(ctx, &input.idempotency_key, |_| {
            Ok(ReturnPayout {
                payout: id::<PayoutId>(&input.payout_id, "payoutId")?,
                reason: text("reason", &input.reason, Prose::parse)?,
                return_fee: input.return_fee,
            })
        }))
        .await
    }
}
