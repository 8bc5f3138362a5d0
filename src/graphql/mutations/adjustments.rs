//! `postAdjustment` and `writeOff`: an operator's corrections, over a limit by two.

use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};
use entity::{AgentId, CustomerId, Name};

use super::parties::{keeper, key, operator};
use super::promo::CustomerMoneyPayload;
use crate::graphql::access::enter;
use crate::graphql::context::noting;
use crate::graphql::error::{Answer, Payload, UserError, answer};
use crate::graphql::given::{Given, id, text};
use crate::graphql::loaders::find;
use crate::graphql::nodes::{Agent, Customer, Proposal, Transaction};
use crate::graphql::scalars::Money;
use crate::program::{Owner, PostAdjustment, Reason, Refusal, Seconded, WriteOff};

/// A correction of a customer's cash.
#[derive(InputObject)]
pub struct PostAdjustmentInput {
    /// Any account.
    customer_id: Given<ID>,
    /// Signed: more than 0.0000 gives, less takes. Never more than is there.
    amount: Given<Money>,
    /// A line that the customer sees in its transactions: 1 to 200 characters.
    reason: String,
    /// The client's own name for this request, 1 to 255 characters.
    idempotency_key: String,
}

/// Who owes.
#[derive(OneofObject)]
pub enum DebtorInput {
    /// A customer, or an agent's own telephone account, whose cash is below zero.
    CustomerId(Given<ID>),
    /// An agent whose commission is below zero.
    AgentId(Given<ID>),
}

impl DebtorInput {
    fn read(&self) -> Result<Owner, Refusal> {
        Ok(match self {
            Self::CustomerId(given) => {
                Owner::Customer(id::<CustomerId>(given, "debtor.customerId")?)
            }
            Self::AgentId(given) => Owner::Agent(id::<AgentId>(given, "debtor.agentId")?),
        })
    }
}

/// A debt that will not be paid.
#[derive(InputObject)]
pub struct WriteOffInput {
    /// Who owes.
    debtor: DebtorInput,
    /// More than 0.0000, and not more than is owed. All that is, if left out.
    amount: Option<Given<Money>>,
    /// A line that the owner sees in its transactions: 1 to 200 characters.
    reason: String,
    /// The client's own name for this request, 1 to 255 characters.
    idempotency_key: String,
}

/// What became of a debt.
#[derive(SimpleObject)]
pub struct WriteOffPayload {
    /// The customer, where it was one's debt. Null when it was refused.
    customer: Option<Customer>,
    /// The agent, where it was one's debt. Null when it was refused.
    agent: Option<Agent>,
    /// What was posted. Null when it was refused.
    transaction: Option<Transaction>,
    /// What waits for a second operator, with `SECOND_PERSON_REQUIRED`.
    proposal: Option<Proposal>,
    /// Whether it is the first answer to this key, given again.
    replayed: bool,
    /// Why it was refused. Empty when it was not.
    user_errors: Vec<UserError>,
}

impl Payload for WriteOffPayload {
    fn refused(error: UserError, replayed: bool) -> Self {
        Self {
            customer: None,
            agent: None,
            transaction: None,
            proposal: None,
            replayed,
            user_errors: vec![error],
        }
    }
}

/// Corrections.
#[derive(Default)]
pub struct AdjustmentMutation;

#[Object]
impl AdjustmentMutation {
    /// Operators: corrects a customer's cash, up or down, with a reason that the customer reads. Never below zero.
    ///
    /// Over the operator's limit it takes two: the first is answered with `SECOND_PERSON_REQUIRED` and kept as a
    /// `proposal`, seven days long; another operator who asks for the same account and amount posts it.
    ///
    /// Refusals: `INVALID_INPUT` of 0.0000, `NOT_FOUND`, `INSUFFICIENT_FUNDS`, `SECOND_PERSON_REQUIRED`,
    /// `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { postAdjustment(input: {customerId: "cus_…", amount: "-2.5000", reason: "Charged twice", idempotencyKey: "a-1"}) { customer { balance { cash } } proposal { id } userErrors { code message } } }`
    async fn post_adjustment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, how much and why.")] input: PostAdjustmentInput,
    ) -> Answer<CustomerMoneyPayload> {
        answer(async {
            let actor = enter(ctx)?;
            let customer = id::<CustomerId>(&input.customer_id, "customerId")?;
            let command = PostAdjustment {
                operator: operator(&actor)?,
                customer,
                amount: input.amount.at("amount")?,
                reason: text("reason", &input.reason, Name::parse)?,
            };
            let key = key(&input.idempotency_key)?;
            let ledger = noting(ctx);
            let answer = ledger.submit(keeper(&actor)?, key, command).await?;
            let replayed = answer.replayed;
            Ok(match answer.outcome {
                Err(refusal) => CustomerMoneyPayload::refused(refusal.into(), replayed),
                Ok(Seconded::Waits(proposal)) => CustomerMoneyPayload {
                    proposal: Some(Proposal(proposal)),
                    ..CustomerMoneyPayload::refused(second_person(), replayed)
                },
                Ok(Seconded::Posted(transaction)) => CustomerMoneyPayload {
                    customer: find(ctx, customer).await?.map(Customer::from),
                    transaction: Some(Transaction(transaction)),
                    proposal: None,
                    replayed,
                    user_errors: Vec::new(),
                },
            })
        })
        .await
    }

    /// Operators: writes off what an agent's commission, or a customer's cash, is below zero. Never beyond zero. Over the
    /// operator's limit it takes two, as with `postAdjustment`.
    ///
    /// Refusals: `INVALID_INPUT` of more than is owed, `AMOUNT_NOT_POSITIVE`, `NOT_FOUND`, `ILLEGAL_STATE` (`NOT_BELOW_ZERO`) where nothing is owed,
    /// `SECOND_PERSON_REQUIRED`, `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { writeOff(input: {debtor: {agentId: "agt_…"}, reason: "Gone away", idempotencyKey: "w-1"}) { agent { balance { commission } } proposal { id } userErrors { code message } } }`
    async fn write_off(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose debt, how much of it and why.")] input: WriteOffInput,
    ) -> Answer<WriteOffPayload> {
        answer(async {
            let actor = enter(ctx)?;
            let owner = input.debtor.read()?;
            let command = WriteOff {
                operator: operator(&actor)?,
                owner,
                amount: input.amount.map(|amount| amount.at("amount")).transpose()?,
                reason: text("reason", &input.reason, Name::parse)?,
            };
            let key = key(&input.idempotency_key)?;
            let ledger = noting(ctx);
            let answer = ledger.submit(keeper(&actor)?, key, command).await?;
            let replayed = answer.replayed;
            let transaction = match answer.outcome {
                Err(refusal) => return Ok(WriteOffPayload::refused(refusal.into(), replayed)),
                Ok(Seconded::Waits(proposal)) => {
                    return Ok(WriteOffPayload {
                        proposal: Some(Proposal(proposal)),
                        ..WriteOffPayload::refused(second_person(), replayed)
                    });
                }
                Ok(Seconded::Posted(transaction)) => transaction,
            };
            let (mut customer, mut agent) = (None, None);
            match owner {
                Owner::Customer(id) => customer = find(ctx, id).await?.map(Customer::from),
                Owner::Agent(id) => agent = find(ctx, id).await?.map(Agent),
            }
            Ok(WriteOffPayload {
                customer,
                agent,
                transaction: Some(Transaction(transaction)),
                proposal: None,
                replayed,
                user_errors: Vec::new(),
            })
        })
        .await
    }
}

fn second_person() -> UserError {
    Refusal::from(Reason::SecondPersonRequired).into()
}
