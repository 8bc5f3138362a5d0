//! `payoutQuote`, `requestPayout` and `cancelPayout`: what an agent asks for.

use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};
use entity::{Email, InvalidText, Name, PayoutId, Prose};

use super::parties::{agent, keeper, key, person};
use crate::Error;
use crate::graphql::access::enter;
use crate::graphql::balances::{AgentBalance, figures};
use crate::graphql::context::{noting, services};
use crate::graphql::error::{Answer, Payload, UserError, answer, maybe};
use crate::graphql::given::{Given, bad_argument, id, text};
use crate::graphql::loaders::must;
use crate::graphql::nodes::Payout;
use crate::graphql::payouts::PayoutMethod;
use crate::graphql::scalars::Money;
use crate::ledger;
use crate::program::{
    CancelPayout, Destination, PayoutDecided, Reason, Refusal, RequestPayout, quote,
};

/// A request for money.
#[derive(InputObject)]
pub struct RequestPayoutInput {
    /// The gross: what is taken from the agent. Whole cents, at least the method's minimum.
    amount: Given<Money>,
    /// Where it is to go; names the method.
    destination: PayoutDestinationInput,
    /// The client's own name for this request, 1 to 255 characters.
    idempotency_key: String,
}

/// Names the method by what it holds.
#[derive(OneofObject)]
pub enum PayoutDestinationInput {
    /// A cheque by mail.
    Check(CheckDestinationInput),
    /// A PayPal account.
    Paypal(PaypalDestinationInput),
    /// A bank account.
    Wire(WireDestinationInput),
}

/// Where a cheque is to go.
#[derive(InputObject)]
pub struct CheckDestinationInput {
    /// To whose order.
    payee: String,
    /// The whole postal address.
    address: String,
}

/// Which PayPal account.
#[derive(InputObject)]
pub struct PaypalDestinationInput {
    /// The account's e-mail address.
    email: String,
}

/// Which bank account.
#[derive(InputObject)]
pub struct WireDestinationInput {
    /// Whose account it is.
    payee: String,
    /// The bank's name.
    bank_name: String,
    /// The number of the account, or its IBAN.
    account_number: String,
    /// The bank's routing number, or its BIC.
    routing_code: String,
}

/// Which payout, and what is said of it.
#[derive(InputObject)]
pub struct PayoutDecisionInput {
    /// A payout.
    pub(super) payout_id: Given<ID>,
    /// A bank's or PayPal's reference. Required to send.
    pub(super) reference: Option<String>,
    /// Required to reject.
    pub(super) reason: Option<String>,
    /// The client's own name for this request, 1 to 255 characters.
    pub(super) idempotency_key: String,
}

/// What became of a payout.
#[derive(SimpleObject)]
pub struct PayoutPayload {
    /// The payout. Null when it was refused.
    payout: Option<Payout>,
    /// The agent's money right after it. Null when it was refused.
    agent_balance: Option<AgentBalance>,
    /// Whether it is the first answer to this key, given again.
    replayed: bool,
    /// Why it was refused. Empty when it was not.
    user_errors: Vec<UserError>,
}

impl Payload for PayoutPayload {
    fn refused(error: UserError, replayed: bool) -> Self {
        Self {
            payout: None,
            agent_balance: None,
            replayed,
            user_errors: vec![error],
        }
    }
}

impl PayoutPayload {
    pub(super) fn of(answer: ledger::Answer<PayoutDecided>) -> Self {
        match answer.outcome {
            Err(refusal) => Self::refused(refusal.into(), answer.replayed),
            Ok(done) => Self {
                payout: Some(Payout(done.payout)),
                agent_balance: Some(AgentBalance(done.balance)),
                replayed: answer.replayed,
                user_errors: Vec::new(),
            },
        }
    }
}

/// What a payout would cost and bring.
#[derive(SimpleObject)]
pub struct PayoutQuote {
    /// What would be taken from the agent.
    gross: Money,
    /// What the method costs.
    fee: Money,
    /// gross - fee: what would arrive.
    net: Money,
    /// Whether it would be accepted now.
    eligible: bool,
    /// Why it would be refused. Empty if eligible.
    reasons: Vec<UserError>,
}

/// What a payout would be.
#[derive(Default)]
pub struct PayoutQuoteQuery;

#[Object]
impl PayoutQuoteQuery {
    /// Agents: what a payout of this gross would cost and bring, and every reason why it would be refused now.
    ///
    /// Example: `{ payoutQuote(amount: "100.00", method: WIRE) { fee net eligible reasons { code message } } }`
    async fn payout_quote(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The gross: what would be taken from the agent.")] amount: Given<Money>,
        #[graphql(desc = "How it would be paid out.")] method: PayoutMethod,
    ) -> Answer<PayoutQuote> {
        maybe(async {
            let actor = enter(ctx)?;
            let agent = agent(&actor)?;
            let gross = amount.argument("amount")?;
            if gross.is_negative() {
                return Err(bad_argument("amount", "must be 0.0000 or more"));
            }
            let row: entity::agent::Model = must(ctx, agent).await?;
            let figures = figures(ctx, &row).await?;
            let terms = &services(ctx).terms;
            let quote = quote(terms, row.status, &figures, gross, method.into());
            Ok(Some(PayoutQuote {
                gross: gross.into(),
                fee: quote.fee.into(),
                net: quote.net.into(),
                eligible: quote.reasons.is_empty(),
                reasons: quote.reasons.into_iter().map(without_input).collect(),
            }))
        })
        .await
    }
}

/// A quote has no `input`: its refusals name no field.
fn without_input(mut refusal: Refusal) -> UserError {
    refusal.field = None;
    refusal.into()
}

/// An agent's payouts.
#[derive(Default)]
pub struct PayoutMutation;

#[Object]
impl PayoutMutation {
    /// Agents: asks for money. The gross is reserved at once: commission first, then, where the program allows it, funding.
    ///
    /// Refusals: `AMOUNT_NOT_POSITIVE`, `AMOUNT_NOT_WHOLE_CENTS`, `PAYOUT_METHOD_DETAILS`, `AGENT_NOT_ACTIVE`,
    /// `COMMISSION_NEGATIVE`, `PAYOUT_BELOW_MINIMUM`, `PAYOUT_NET_NOT_POSITIVE`, `INSUFFICIENT_FUNDS`,
    /// `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { requestPayout(input: {amount: "100.00", destination: {paypal: {email: "anna@example.com"}}, idempotencyKey: "o-1"}) { payout { id net state } agentBalance { reserved } userErrors { code message } } }`
    async fn request_payout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How much, and where to.")] input: RequestPayoutInput,
    ) -> Answer<PayoutPayload> {
        answer(async {
            let actor = enter(ctx)?;
            let agent = agent(&actor)?;
            let amount = input.amount.at("amount")?;
            let key = key(&input.idempotency_key)?;
            let command = RequestPayout {
                agent,
                amount,
                destination: input.destination.read()?,
            };
            let ledger = noting(ctx);
            let answer = ledger.submit(keeper(&actor)?, key, command).await?;
            Ok::<_, Error>(PayoutPayload::of(answer))
        })
        .await
    }

    /// Agents: takes a request back, while it is REQUESTED. The money is free again at once.
    ///
    /// Refusals: `NOT_FOUND`, `ILLEGAL_STATE`, `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { cancelPayout(input: {payoutId: "pay_…", idempotencyKey: "x-1"}) { payout { state } userErrors { code message } } }`
    async fn cancel_payout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which payout.")] input: PayoutDecisionInput,
    ) -> Answer<PayoutPayload> {
        answer(async {
            let actor = enter(ctx)?;
            person(&actor)?;
            let command = CancelPayout {
                agent: agent(&actor)?,
                payout: id::<PayoutId>(&input.payout_id, "payoutId")?,
            };
            let key = key(&input.idempotency_key)?;
            let ledger = noting(ctx);
            let answer = ledger.submit(keeper(&actor)?, key, command).await?;
            Ok::<_, Error>(PayoutPayload::of(answer))
        })
        .await
    }
}

impl PayoutDestinationInput {
    fn read(&self) -> Result<Destination, Refusal> {
        Ok(match self {
            Self::Check(check) => Destination::Check {
                payee: detail("check.payee", &check.payee, Name::parse)?,
                address: detail("check.address", &check.address, Prose::parse)?,
            },
            Self::Paypal(paypal) => Destination::Paypal {
                email: detail("paypal.email", &paypal.email, Email::parse)?,
            },
            Self::Wire(wire) => Destination::Wire {
                payee: detail("wire.payee", &wire.payee, Name::parse)?,
                bank_name: detail("wire.bankName", &wire.bank_name, Name::parse)?,
                account_number: detail("wire.accountNumber", &wire.account_number, bank_code)?,
                routing_code: detail("wire.routingCode", &wire.routing_code, bank_code)?,
            },
        })
    }
}

/// A part of the destination: what is wrong with it is `PAYOUT_METHOD_DETAILS` at its field.
fn detail<T>(
    name: &str,
    given: &str,
    parse: impl FnOnce(&str) -> Result<T, InvalidText>,
) -> Result<T, Refusal> {
    text(format!("destination.{name}"), given, parse).map_err(|refusal| Refusal {
        reason: Reason::PayoutMethodDetails(refusal.to_string().into()),
        field: refusal.field,
    })
}

/// A bank's number: letters and digits, with spaces and dashes between them as people write them.
fn bank_code(given: &str) -> Result<Name, InvalidText> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == ' ' || c == '-';
    let fits =
        given.chars().all(plain) && given.chars().filter(char::is_ascii_alphanumeric).count() >= 4;
    if fits && given.len() <= 40 {
        Name::parse(given)
    } else {
        Err(InvalidText("must be 4 to 40 letters and digits"))
    }
}
