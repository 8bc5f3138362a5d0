//! Bonuses.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{AgentId, Name};

use super::parties::{keeper, key};
use crate::graphql::access::enter;
use crate::graphql::context::noting;
use crate::graphql::error::{Answer, Payload, UserError, answer};
use crate::graphql::given::{Given, id, text};
use crate::graphql::nodes::Commission;
use crate::graphql::scalars::Money;
use crate::program::PayBonus;

/// To whom, how much and why.
#[derive(InputObject)]
pub struct PayBonusInput {
    /// The agent.
    agent_id: Given<ID>,
    /// How much, more than 0.0000.
    amount: Given<Money>,
    /// Why: 1 to 200 characters. The agent reads it as the transaction's description.
    reason: String,
    /// 1 to 255 characters of the client's choice, kept as long as the ledger.
    idempotency_key: String,
}

/// A commission, or why there is none.
#[derive(SimpleObject)]
pub struct CommissionPayload {
    /// What was credited. Null when it was refused.
    commission: Option<Commission>,
    /// Whether it is the first answer to this key, given again.
    replayed: bool,
    /// Why it was refused. Empty when it was not.
    user_errors: Vec<UserError>,
}

impl Payload for CommissionPayload {
    fn refused(error: UserError, replayed: bool) -> Self {
        Self {
            commission: None,
            replayed,
            user_errors: vec![error],
        }
    }
}

/// Its share of the mutations.
#[derive(Default)]
pub struct BonusMutation;

#[Object]
impl BonusMutation {
    /// Operators: give an agent commission that no charge earned. It pays off what is below zero first, waits out the hold
    /// period before it is paid out, and is held while the agent is suspended; reports have it under `earned`.
    ///
    /// Refusals: `AMOUNT_NOT_POSITIVE`, `INVALID_INPUT`, `NOT_FOUND`, `IDEMPOTENCY_KEY_REUSED`; `AGENT_NOT_ACTIVE` for a
    /// closed agent.
    ///
    /// Example: `mutation { payBonus(input: {agentId: "agt_…", amount: "25.0000", reason: "Best of November", idempotencyKey: "b-1"}) { commission { kind amount } userErrors { code message } } }`
    async fn pay_bonus(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To whom, how much and why.")] input: PayBonusInput,
    ) -> Answer<CommissionPayload> {
        answer(async {
            let actor = enter(ctx)?;
            let command = PayBonus {
                agent: id::<AgentId>(&input.agent_id, "agentId")?,
                amount: input.amount.at("amount")?,
                reason: text("reason", &input.reason, Name::parse)?,
            };
            let key = key(&input.idempotency_key)?;
            let ledger = noting(ctx);
            let answer = ledger.submit(keeper(&actor)?, key, command).await?;
            let replayed = answer.replayed;
            Ok(match answer.outcome {
                Err(refusal) => CommissionPayload::refused(refusal.into(), replayed),
                Ok(row) => CommissionPayload {
                    commission: Some(Commission(row)),
                    replayed,
                    user_errors: Vec::new(),
                },
            })
        })
        .await
    }
}
