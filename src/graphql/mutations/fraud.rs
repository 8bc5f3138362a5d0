//! Operators suspect something, and decide.

use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};
use entity::{ChargeId, CustomerId, FraudCaseId, Prose};

use super::parties::operator;
use crate::Error;
use crate::graphql::access::enter;
use crate::graphql::context::noting;
use crate::graphql::error::{Answer, Payload, UserError, answer};
use crate::graphql::fraud::FraudReason;
use crate::graphql::given::{Given, id, optional_text};
use crate::graphql::nodes::FraudCase;
use crate::graphql::period::PeriodInput;
use crate::program::{ClearFraudCase, Command, ConfirmFraudCase, OpenFraudCase, Refusal, Suspects};

/// How many charges can be named.
const MOST_NAMED: usize = 1_000;

/// What is suspected, and of what.
#[derive(InputObject)]
pub struct OpenFraudCaseInput {
    /// Which charges.
    subject: FraudSubjectInput,
    /// What is suspected.
    reason: FraudReason,
    /// What else there is to say: at most 4,000 characters.
    note: Option<String>,
}

/// Charges by name, or all of a customer's in a period.
#[derive(OneofObject)]
pub enum FraudSubjectInput {
    /// These: 1 to 1,000.
    ChargeIds(Vec<Given<ID>>),
    /// All of a customer's in a period, up to 10,000; those of other cases are passed over.
    Customer(Box<FraudCustomerInput>),
}

/// A customer's charges of a period.
#[derive(InputObject)]
pub struct FraudCustomerInput {
    /// Whose.
    customer_id: Given<ID>,
    /// By when they happened.
    period: PeriodInput,
}

/// Which case, and why it is decided so.
#[derive(InputObject)]
pub struct DecideFraudCaseInput {
    /// A case that is OPEN.
    fraud_case_id: Given<ID>,
    /// What there is to say: at most 4,000 characters.
    note: Option<String>,
}

/// A fraud case, or why nothing was changed.
#[derive(SimpleObject)]
pub struct FraudCasePayload {
    /// The case as it is now. Null where it was refused.
    fraud_case: Option<FraudCase>,
    /// Why it was refused; empty where it was done.
    user_errors: Vec<UserError>,
}

impl Payload for FraudCasePayload {
    fn refused(error: UserError, _: bool) -> Self {
        Self {
            fraud_case: None,
            user_errors: vec![error],
        }
    }
}

impl FraudSubjectInput {
    fn read(&self) -> Result<Suspects, Error> {
        match self {
            Self::ChargeIds(ids) if ids.len() > MOST_NAMED => {
                let problem = "At most 1,000 charges can be named: take a customer's period.";
                Err(Refusal::invalid("subject.chargeIds", problem).into())
            }
            Self::ChargeIds(ids) => {
                let ids = ids.iter().enumerate();
                let ids =
                    ids.map(|(at, given)| id::<ChargeId>(given, format!("subject.chargeIds.{at}")));
                Ok(Suspects::Charges(ids.collect::<Result<_, _>>()?))
            }
            Self::Customer(of) => {
                let customer = id::<CustomerId>(&of.customer_id, "subject.customer.customerId")?;
                let period = of.period.read("subject.customer.period");
                let period = period.map_err(in_mutation)?;
                Ok(Suspects::Customer {
                    customer,
                    span: period.span(),
                })
            }
        }
    }
}

/// What is wrong with an argument is a refusal at its field here.
fn in_mutation(error: Error) -> Error {
    match error {
        Error::BadArgument { argument, problem } => {
            let name = argument.rsplit('.').next().unwrap_or_default().to_owned();
            Refusal::invalid(argument, format!("`{name}` {problem}.")).into()
        }
        other => other,
    }
}

async fn decide<C>(
    ctx: &Context<'_>,
    command: impl FnOnce(&crate::auth::Actor) -> Result<C, Error>,
) -> Result<FraudCasePayload, Error>
where
    C: Command<Outcome = entity::fraud_case::Model>,
{
    let actor = enter(ctx)?;
    let case = noting(ctx).run(command(&actor)?).await?;
    Ok(FraudCasePayload {
        fraud_case: Some(FraudCase(case)),
        user_errors: Vec::new(),
    })
}

fn note(given: Option<&str>) -> Result<Option<Prose>, Refusal> {
    optional_text("note", given, Prose::parse)
}

/// Its share of the mutations.
#[derive(Default)]
pub struct FraudMutation;

#[Object]
impl FraudMutation {
    /// Operators: hold the commission of these charges, or of all of a customer's in a period, until it is decided. Only what
    /// is there is held: what the agent has spent it keeps until then.
    ///
    /// Refusals: `INVALID_INPUT` without a charge, or with too many; `NOT_FOUND`; `ILLEGAL_STATE` for a charge that is in
    /// another case.
    ///
    /// Example: `mutation { openFraudCase(input: {subject: {customer: {customerId: "cus_…", period: {from: "2026-11-01", to: "2026-12-01"}}}, reason: STOLEN_PAYMENT, note: "Three cards in a day."}) { fraudCase { id commission } userErrors { code message } } }`
    async fn open_fraud_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is suspected, and of what.")] input: OpenFraudCaseInput,
    ) -> Answer<FraudCasePayload> {
        answer(decide(ctx, |actor| {
            Ok(OpenFraudCase {
                operator: operator(actor)?,
                suspects: input.subject.read()?,
                reason: input.reason.into(),
                note: note(input.note.as_deref())?,
            })
        }))
        .await
    }

    /// Operators: it was fraud. All that its charges earned is taken back, what was spent already too: then the agent's
    /// commission goes below zero, and what it earns next pays that off first.
    ///
    /// Refusals: `NOT_FOUND`; `ILLEGAL_STATE` unless it is `OPEN`.
    ///
    /// Example: `mutation { confirmFraudCase(input: {fraudCaseId: "frd_…", note: "The card was reported stolen."}) { fraudCase { state commission } userErrors { code message } } }`
    async fn confirm_fraud_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which case, and why.")] input: DecideFraudCaseInput,
    ) -> Answer<FraudCasePayload> {
        answer(decide(ctx, |actor| {
            Ok(ConfirmFraudCase {
                operator: operator(actor)?,
                case: id::<FraudCaseId>(&input.fraud_case_id, "fraudCaseId")?,
                note: note(input.note.as_deref())?,
            })
        }))
        .await
    }

    /// Operators: it was none. What is held is the agent's again; what it earned while it is suspended waits on for that to be
    /// decided.
    ///
    /// Refusals: `NOT_FOUND`; `ILLEGAL_STATE` unless it is `OPEN`.
    ///
    /// Example: `mutation { clearFraudCase(input: {fraudCaseId: "frd_…"}) { fraudCase { state } userErrors { code message } } }`
    async fn clear_fraud_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which case, and why.")] input: DecideFraudCaseInput,
    ) -> Answer<FraudCasePayload> {
        answer(decide(ctx, |actor| {
            Ok(ClearFraudCase {
                operator: operator(actor)?,
                case: id::<FraudCaseId>(&input.fraud_case_id, "fraudCaseId")?,
                note: note(input.note.as_deref())?,
            })
        }))
        .await
    }
}
