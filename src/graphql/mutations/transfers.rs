//! `transferFunds`: funds from an agent to its customers.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{CustomerId, Name};

use super::parties::{agent, keeper, key};
use crate::graphql::access::enter;
use crate::graphql::balances::AgentBalance;
use crate::graphql::context::services;
use crate::graphql::error::{Answer, Payload, UserError, answer};
use crate::graphql::given::{Given, id, optional_text};
use crate::graphql::nodes::Transfer;
use crate::graphql::scalars::Money;
use crate::program::TransferFunds;

/// Funds for one of the agent's customers.
#[derive(InputObject)]
pub struct TransferFundsInput {
    /// One of the agent's customers, however it came.
    customer_id: Given<ID>,
    /// More than 0.0000, with at most four decimals.
    amount: Given<Money>,
    /// A line for the customer: 1 to 200 characters.
    memo: Option<String>,
    /// The client's own name for this request, 1 to 255 characters.
    idempotency_key: String,
}

/// What became of a transfer.
#[derive(SimpleObject)]
pub struct TransferFundsPayload {
    /// The transfer. Null when it was refused.
    transfer: Option<Transfer>,
    /// The agent's money right after it. Null when it was refused.
    agent_balance: Option<AgentBalance>,
    /// Whether it is the first answer to this key, given again.
    replayed: bool,
    /// Why it was refused. Empty when it was not.
    user_errors: Vec<UserError>,
}

impl Payload for TransferFundsPayload {
    fn refused(error: UserError, replayed: bool) -> Self {
        Self {
            transfer: None,
            agent_balance: None,
            replayed,
            user_errors: vec![error],
        }
    }
}

/// Transfers.
#[derive(Default)]
pub struct TransferMutation;

#[Object]
impl TransferMutation {
    /// Moves funds from the signed-in agent to one of its customers, however that customer came: funding first, then
    /// commission.
    ///
    /// Refusals: `AMOUNT_NOT_POSITIVE`, `NOT_AFFILIATED`, `AGENT_NOT_ACTIVE`, `CUSTOMER_NOT_ACTIVE`,
    /// `COMMISSION_NEGATIVE`, `INSUFFICIENT_FUNDS`, `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { transferFunds(input: {customerId: "cus_…", amount: "10.0000", idempotencyKey: "t-1"}) { transfer { id amount } agentBalance { available } userErrors { code message } } }`
    async fn transfer_funds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To whom, and how much.")] input: TransferFundsInput,
    ) -> Answer<TransferFundsPayload> {
        answer(async {
            let actor = enter(ctx)?;
            let command = TransferFunds {
                agent: agent(&actor)?,
                customer: id::<CustomerId>(&input.customer_id, "customerId")?,
                amount: input.amount.at("amount")?,
                memo: optional_text("memo", input.memo.as_deref(), Name::parse)?,
            };
            let key = key(&input.idempotency_key)?;
            let ledger = &services(ctx).ledger;
            let answer = ledger.submit(keeper(&actor)?, key, command).await?;
            let replayed = answer.replayed;
            Ok(match answer.outcome {
                Err(refusal) => TransferFundsPayload::refused(refusal.into(), replayed),
                Ok(done) => TransferFundsPayload {
                    transfer: Some(Transfer(done.transfer)),
                    agent_balance: Some(AgentBalance(done.balance)),
                    replayed,
                    user_errors: Vec::new(),
                },
            })
        })
        .await
    }
}
