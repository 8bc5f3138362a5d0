//! `transferFunds` and `reverseTransfer`: funds from an agent to its customers, and back.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{CustomerId, Name, TransferId};

use super::parties::{agent, keeper, key};
use crate::graphql::access::enter;
use crate::graphql::balances::AgentBalance;
use crate::graphql::context::noting;
use crate::graphql::error::{Answer, Payload, UserError, answer};
use crate::graphql::given::{Given, id, optional_text, text};
use crate::graphql::nodes::Transfer;
use crate::graphql::scalars::Money;
use crate::ledger;
use crate::program::{ReverseTransfer, TransferFunds, Transferred};

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

/// What of a transfer is to go back.
#[derive(InputObject)]
pub struct ReverseTransferInput {
    /// Which transfer.
    transfer_id: Given<ID>,
    /// More than 0.0000. All that the customer has not spent of it, if left out.
    amount: Option<Given<Money>>,
    /// A line that the agent and the customer see in their transactions: 1 to 200 characters.
    reason: String,
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

impl TransferFundsPayload {
    fn of(answer: ledger::Answer<Transferred>) -> Self {
        match answer.outcome {
            Err(refusal) => Self::refused(refusal.into(), answer.replayed),
            Ok(done) => Self {
                transfer: Some(Transfer(done.transfer)),
                agent_balance: Some(AgentBalance(done.balance)),
                replayed: answer.replayed,
                user_errors: Vec::new(),
            },
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
            let ledger = noting(ctx);
            let answer = ledger.submit(keeper(&actor)?, key, command).await?;
            Ok(TransferFundsPayload::of(answer))
        })
        .await
    }

    /// Operators: takes back what the customer has not spent of a transfer, and gives it to where it came from: the last
    /// of it first, so commission before funding.
    ///
    /// What was spent is found first in, first out over the account's history.
    ///
    /// Refusals: `AMOUNT_NOT_POSITIVE`, `NOT_FOUND`, `ILLEGAL_STATE` (REVERSED) when all of it went back before,
    /// `TRANSFER_SPENT` with what is left, `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { reverseTransfer(input: {transferId: "trf_…", reason: "To the wrong account", idempotencyKey: "r-1"}) { transfer { amount reversed } userErrors { code message ... on TransferSpentError { unspent } } } }`
    async fn reverse_transfer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, how much of it and why.")] input: ReverseTransferInput,
    ) -> Answer<TransferFundsPayload> {
        answer(async {
            let actor = enter(ctx)?;
            let command = ReverseTransfer {
                transfer: id::<TransferId>(&input.transfer_id, "transferId")?,
                amount: input.amount.map(|amount| amount.at("amount")).transpose()?,
                reason: text("reason", &input.reason, Name::parse)?,
            };
            let key = key(&input.idempotency_key)?;
            let ledger = noting(ctx);
            let answer = ledger.submit(keeper(&actor)?, key, command).await?;
            Ok(TransferFundsPayload::of(answer))
        })
        .await
    }
}
