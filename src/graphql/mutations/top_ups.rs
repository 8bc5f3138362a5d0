//! `topUp`, `settleTopUp` and `reverseTopUp`: money paid in, and taken back.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{Name, TopUpId, top_up};

use super::parties::{keeper, key, party};
use crate::graphql::access::enter;
use crate::graphql::context::{act, noting, services};
use crate::graphql::error::{Answer, Payload, UserError, answer};
use crate::graphql::given::{Given, id, optional_text, text};
use crate::graphql::nodes::TopUp;
use crate::graphql::scalars::Money;
use crate::graphql::top_ups::TopUpMethod;
use crate::ledger;
use crate::program::{BeginTopUp, ReverseTopUp, SettleTopUp};

/// Money to be paid in.
#[derive(InputObject)]
pub struct TopUpInput {
    /// The account that is paid into: the viewer's own where left out; an agent may name one that it manages, an operator
    /// any.
    customer_id: Option<Given<ID>>,
    /// Whole cents, within the limits of the method.
    amount: Given<Money>,
    /// How it is paid.
    method: TopUpMethod,
    /// The processor's token for the card or PayPal account. Card numbers never come here. Not for WIRE.
    payment_token: Option<String>,
    /// The client's own name for this request, 1 to 255 characters.
    idempotency_key: String,
}

/// What the bank or the processor says of a top-up.
#[derive(InputObject)]
pub struct TopUpDecisionInput {
    /// Which top-up.
    top_up_id: Given<ID>,
    /// The bank's or processor's own reference, 1 to 200 characters.
    reference: String,
    /// The client's own name for this request, 1 to 255 characters.
    idempotency_key: String,
}

/// What became of a top-up.
#[derive(SimpleObject)]
pub struct TopUpPayload {
    /// The top-up. Null when it was refused or declined.
    top_up: Option<TopUp>,
    /// Whether it is the first answer to this key, given again.
    replayed: bool,
    /// Why it was refused. Empty when it was not.
    user_errors: Vec<UserError>,
}

impl Payload for TopUpPayload {
    fn refused(error: UserError, replayed: bool) -> Self {
        Self {
            top_up: None,
            replayed,
            user_errors: vec![error],
        }
    }
}

impl TopUpPayload {
    fn of(answer: ledger::Answer<top_up::Model>) -> Self {
        match answer.outcome {
            Err(refusal) => Self::refused(refusal.into(), answer.replayed),
            Ok(top_up) => Self {
                top_up: Some(TopUp(top_up)),
                replayed: answer.replayed,
                user_errors: Vec::new(),
            },
        }
    }
}

/// Top-ups.
#[derive(Default)]
pub struct TopUpMutation;

#[Object]
impl TopUpMutation {
    /// Pays money in: by card or PayPal at once, by wire PENDING until it has arrived.
    ///
    /// A payment that the processor has not decided stays PENDING, and settles or fails by itself.
    ///
    /// Refusals: `AMOUNT_NOT_POSITIVE`, `AMOUNT_NOT_WHOLE_CENTS`, `NOT_FOUND`, `NOT_MANAGED`, `CUSTOMER_NOT_ACTIVE`,
    /// `TOP_UP_METHOD_LIMIT`, `PAYMENT_DECLINED`, `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { topUp(input: {amount: "25.00", method: CREDIT_CARD, paymentToken: "tok_approve", idempotencyKey: "u-1"}) { topUp { id state } userErrors { code message } } }`
    async fn top_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How much, how, and for which account.")] input: TopUpInput,
    ) -> Answer<TopUpPayload> {
        answer(async {
            let actor = enter(ctx)?;
            let amount = input.amount.at("amount")?;
            let token = optional_text("paymentToken", input.payment_token.as_deref(), Name::parse)?;
            let key = key(&input.idempotency_key)?;
            let (by, customer) = party(&actor, input.customer_id.as_ref())?;
            let command = BeginTopUp {
                by,
                customer,
                amount,
                method: input.method.into(),
                payment_token: token.map(|token| token.to_string()),
            };
            let payments = &services(ctx).payments;
            let answer = payments
                .top_up(act(ctx).ok(), keeper(&actor)?, key, command)
                .await?;
            Ok(TopUpPayload::of(answer))
        })
        .await
    }

    /// Operators and processors: a pending top-up has arrived.
    ///
    /// Refusals: `NOT_FOUND`, `ILLEGAL_STATE` unless PENDING, `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { settleTopUp(input: {topUpId: "top_…", reference: "FT-4711", idempotencyKey: "s-1"}) { topUp { state } userErrors { code message } } }`
    async fn settle_top_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and the bank's reference.")] input: TopUpDecisionInput,
    ) -> Answer<TopUpPayload> {
        answer(async {
            let actor = enter(ctx)?;
            let command = SettleTopUp {
                top_up: id::<TopUpId>(&input.top_up_id, "topUpId")?,
                reference: text("reference", &input.reference, Name::parse)?,
            };
            let key = key(&input.idempotency_key)?;
            let ledger = noting(ctx);
            let answer = ledger.submit(keeper(&actor)?, key, command).await?;
            Ok(TopUpPayload::of(answer))
        })
        .await
    }

    /// Operators and processors: a pending top-up failed, or a settled one was charged back.
    ///
    /// What was charged back is taken from the account, which may go below zero. What had been bought with it, first in,
    /// first out, through transfers too, loses its commission in the same proportion.
    ///
    /// Refusals: `NOT_FOUND`, `ILLEGAL_STATE` unless PENDING or SETTLED, `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { reverseTopUp(input: {topUpId: "top_…", reference: "CB-4711", idempotencyKey: "c-1"}) { topUp { state reversedAt } userErrors { code message } } }`
    async fn reverse_top_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and the bank's or processor's reference.")]
        input: TopUpDecisionInput,
    ) -> Answer<TopUpPayload> {
        answer(async {
            let actor = enter(ctx)?;
            let command = ReverseTopUp {
                top_up: id::<TopUpId>(&input.top_up_id, "topUpId")?,
                reference: text("reference", &input.reference, Name::parse)?,
            };
            let key = key(&input.idempotency_key)?;
            let ledger = noting(ctx);
            let answer = ledger.submit(keeper(&actor)?, key, command).await?;
            Ok(TopUpPayload::of(answer))
        })
        .await
    }
}
