//! What a person is told: the refusals of the rules, as the payloads of mutations show them. Codes are given here and
//! nowhere else.

use async_graphql::{Enum, Interface, SimpleObject};
use entity::CommissionRate;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::scalars::{Money, Percent};
use crate::Error;
use crate::program::{Reason, Refusal};

/// Why the rules say no. Stable: a code is never renamed and never changes meaning.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserErrorCode {
    /// Something in the input cannot be: a malformed amount or id, a text too long, a list too long. `field` says where.
    InvalidInput,
    /// There is no such thing, or none that you may see: the two are never told apart.
    NotFound,
    /// The amount must be more than 0.0000.
    AmountNotPositive,
    /// Top-ups and payouts are in whole cents.
    AmountNotWholeCents,
    /// There is less than was asked for: the error says how much there is.
    InsufficientFunds,
    /// Somebody signs in with this e-mail address already.
    EmailTaken,
    /// The e-mail address or the password is wrong; which of them is not said.
    InvalidCredentials,
    /// The link, claim or refresh token is unknown, used or too old.
    InvalidToken,
    /// Too short, too long or too common a password.
    WeakPassword,
    /// The Agent ID's check digit does not fit: it was mistyped.
    AgentNumberMalformed,
    /// The Agent ID is well formed, and nobody has it.
    AgentNumberUnknown,
    /// The agent is suspended or closed.
    AgentNotActive,
    /// Nobody can be his own agent.
    SelfReferral,
    /// The agent is itself, directly or through others, a customer of this account.
    AffiliationCycle,
    /// An application with this e-mail address is still open.
    ApplicationOpen,
    /// A commission rate is 1.00 to 10.00: the error has the range.
    CommissionRateOutOfRange,
    /// A commission rate is never changed backwards.
    EffectiveInPast,
    /// The customer is not one of the agent's.
    NotAffiliated,
    /// The customer is the agent's, and manages itself.
    NotManaged,
    /// The account is suspended or closed.
    CustomerNotActive,
    /// No such product on the price list.
    ProductNotAvailable,
    /// There is no rate for the number called.
    DestinationNotRated,
    /// The processor declined the payment; nothing was charged.
    PaymentDeclined,
    /// More, or less, or more often than this method of payment allows.
    TopUpMethodLimit,
    /// Less than the least payout by this method: the error has the least.
    PayoutBelowMinimum,
    /// The fee would leave nothing: the error has the least.
    PayoutNetNotPositive,
    /// The destination lacks something that this method needs.
    PayoutMethodDetails,
    /// The commission balance is below zero after a clawback; new commission pays it off first.
    CommissionNegative,
    /// The same source used the same external id for something else.
    ExternalIdReused,
    /// The same actor used the same idempotency key for something else.
    IdempotencyKeyReused,
    /// The thing is no longer, or not yet, in a state that allows this: the error says in which it is.
    IllegalState,
    /// Over the operator's limit, whoever approved it cannot send it.
    SecondPersonRequired,
    /// More than is left of the charge: the error says how much that is.
    RefundExceedsCharge,
    /// The customer has spent it.
    TransferSpent,
}

/// A refusal by the program's rules: something that the person can understand and act on. All that a mutation refuses comes
/// back so, in the payload; nothing has then been changed.
#[derive(Interface, Clone, Debug)]
#[graphql(
    field(
        name = "code",
        ty = "&UserErrorCode",
        desc = "Stable and machine-readable."
    ),
    field(
        name = "message",
        ty = "&String",
        desc = "A sentence for a person, in English."
    ),
    field(
        name = "field",
        ty = "&Option<Vec<String>>",
        desc = "The path of the input field at fault, from the mutation's arguments on: `[\"input\", \"amount\"]`. Null where no one field is."
    )
)]
pub enum UserError {
    Rule(RuleError),
    InsufficientFunds(InsufficientFundsError),
    PayoutAmount(PayoutAmountError),
    CommissionRate(CommissionRateError),
    State(StateError),
    RefundExceedsCharge(RefundExceedsChargeError),
    TransferSpent(TransferSpentError),
}

/// A refusal that has no figures of its own.
#[derive(SimpleObject, Clone, Debug)]
pub struct RuleError {
    /// Stable and machine-readable.
    code: UserErrorCode,
    /// A sentence for a person, in English. It never repeats what was sent.
    message: String,
    /// The path of the input field at fault. Null where no one field is.
    field: Option<Vec<String>>,
}

/// `INSUFFICIENT_FUNDS`, with what there is.
#[derive(SimpleObject, Clone, Debug)]
pub struct InsufficientFundsError {
    /// `INSUFFICIENT_FUNDS`.
    code: UserErrorCode,
    /// A sentence for a person, in English.
    message: String,
    /// The path of the input field at fault. Null where no one field is.
    field: Option<Vec<String>>,
    /// What could be spent at that moment.
    available: Money,
    /// What was asked for.
    requested: Money,
}

/// `PAYOUT_BELOW_MINIMUM` or `PAYOUT_NET_NOT_POSITIVE`, with the least amount that this method would accept.
#[derive(SimpleObject, Clone, Debug)]
pub struct PayoutAmountError {
    /// `PAYOUT_BELOW_MINIMUM` or `PAYOUT_NET_NOT_POSITIVE`.
    code: UserErrorCode,
    /// A sentence for a person, in English.
    message: String,
    /// The path of the input field at fault. Null where no one field is.
    field: Option<Vec<String>>,
    /// The least gross amount by this method.
    minimum: Money,
    /// What the method costs.
    fee: Money,
}

/// `COMMISSION_RATE_OUT_OF_RANGE`, with the range.
#[derive(SimpleObject, Clone, Debug)]
pub struct CommissionRateError {
    /// `COMMISSION_RATE_OUT_OF_RANGE`.
    code: UserErrorCode,
    /// A sentence for a person, in English.
    message: String,
    /// The path of the input field at fault. Null where no one field is.
    field: Option<Vec<String>>,
    /// The least rate, included.
    minimum: Percent,
    /// The greatest rate, included.
    maximum: Percent,
}

/// `REFUND_EXCEEDS_CHARGE`, with what is left of the charge.
#[derive(SimpleObject, Clone, Debug)]
pub struct RefundExceedsChargeError {
    /// `REFUND_EXCEEDS_CHARGE`.
    code: UserErrorCode,
    /// A sentence for a person, in English.
    message: String,
    /// The path of the input field at fault. Null where no one field is.
    field: Option<Vec<String>>,
    /// What had not been given back at that moment.
    left: Money,
    /// What was asked for.
    requested: Money,
}

/// `ILLEGAL_STATE`: the thing is no longer (or not yet) in a state that allows this.
#[derive(SimpleObject, Clone, Debug)]
pub struct StateError {
    /// `ILLEGAL_STATE`.
    code: UserErrorCode,
    /// A sentence for a person, in English.
    message: String,
    /// The path of the input field at fault. Null where no one field is.
    field: Option<Vec<String>>,
    /// The state that it is in, such as `SENT`.
    state: String,
}

/// `TRANSFER_SPENT`, with what can be taken back.
#[derive(SimpleObject, Clone, Debug)]
pub struct TransferSpentError {
    /// `TRANSFER_SPENT`.
    code: UserErrorCode,
    /// A sentence for a person, in English.
    message: String,
    /// The path of the input field at fault. Null where no one field is.
    field: Option<Vec<String>>,
    /// What the customer has not spent of it.
    unspent: Money,
}

impl From<Refusal> for UserError {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        let field = refusal.field.as_deref().map(path);
        let code = code(&refusal.reason);
        match refusal.reason {
            Reason::InsufficientFunds {
                available,
                requested,
            } => Self::InsufficientFunds(InsufficientFundsError {
                code,
                message,
                field,
                available: available.into(),
                requested: requested.into(),
            }),
            Reason::PayoutBelowMinimum { minimum, fee }
            | Reason::PayoutNetNotPositive { minimum, fee } => {
                Self::PayoutAmount(PayoutAmountError {
                    code,
                    message,
                    field,
                    minimum: minimum.into(),
                    fee: fee.into(),
                })
            }
            Reason::CommissionRateOutOfRange => Self::CommissionRate(CommissionRateError {
                code,
                message,
                field,
                minimum: CommissionRate::MIN.percent().into(),
                maximum: CommissionRate::MAX.percent().into(),
            }),
            Reason::RefundExceedsCharge { left, requested } => {
                Self::RefundExceedsCharge(RefundExceedsChargeError {
                    code,
                    message,
                    field,
                    left: left.into(),
                    requested: requested.into(),
                })
            }
            Reason::IllegalState(state) => Self::State(StateError {
                code,
                message,
                field,
                state,
            }),
            Reason::TransferSpent { unspent } => Self::TransferSpent(TransferSpentError {
                code,
                message,
                field,
                unspent: unspent.into(),
            }),
            _ => Self::Rule(RuleError {
                code,
                message,
                field,
            }),
        }
    }
}

/// `calls.3.to` is `["input", "calls", "3", "to"]`.
fn path(field: &str) -> Vec<String> {
    std::iter::once("input")
        .chain(field.split('.'))
        .map(ToOwned::to_owned)
        .collect()
}

fn code(reason: &Reason) -> UserErrorCode {
    use UserErrorCode as Code;
    match reason {
        Reason::InvalidInput(_) => Code::InvalidInput,
        Reason::NotFound(_) => Code::NotFound,
        Reason::AmountNotPositive => Code::AmountNotPositive,
        Reason::AmountNotWholeCents => Code::AmountNotWholeCents,
        Reason::InsufficientFunds { .. } => Code::InsufficientFunds,
        Reason::EmailTaken => Code::EmailTaken,
        Reason::InvalidCredentials => Code::InvalidCredentials,
        Reason::InvalidToken => Code::InvalidToken,
        Reason::WeakPassword => Code::WeakPassword,
        Reason::AgentNumberMalformed => Code::AgentNumberMalformed,
        Reason::AgentNumberUnknown => Code::AgentNumberUnknown,
        Reason::AgentNotActive => Code::AgentNotActive,
        Reason::SelfReferral => Code::SelfReferral,
        Reason::AffiliationCycle => Code::AffiliationCycle,
        Reason::ApplicationOpen => Code::ApplicationOpen,
        Reason::CommissionRateOutOfRange => Code::CommissionRateOutOfRange,
        Reason::EffectiveInPast => Code::EffectiveInPast,
        Reason::NotAffiliated => Code::NotAffiliated,
        Reason::NotManaged => Code::NotManaged,
        Reason::CustomerNotActive => Code::CustomerNotActive,
        Reason::ProductNotAvailable => Code::ProductNotAvailable,
        Reason::DestinationNotRated => Code::DestinationNotRated,
        Reason::PaymentDeclined => Code::PaymentDeclined,
        Reason::TopUpMethodLimit(_) => Code::TopUpMethodLimit,
        Reason::PayoutBelowMinimum { .. } => Code::PayoutBelowMinimum,
        Reason::PayoutNetNotPositive { .. } => Code::PayoutNetNotPositive,
        Reason::PayoutMethodDetails(_) => Code::PayoutMethodDetails,
        Reason::CommissionNegative => Code::CommissionNegative,
        Reason::ExternalIdReused => Code::ExternalIdReused,
        Reason::IdempotencyKeyReused => Code::IdempotencyKeyReused,
        Reason::IllegalState(_) => Code::IllegalState,
        Reason::SecondPersonRequired => Code::SecondPersonRequired,
        Reason::RefundExceedsCharge { .. } => Code::RefundExceedsCharge,
        Reason::TransferSpent { .. } => Code::TransferSpent,
    }
}

/// What a mutation answers: the thing, or `userErrors` and null for the thing.
pub trait Payload: Sized {
    /// The payload of a refusal; `replayed` where it is the answer of an earlier request with the same key.
    fn refused(error: UserError, replayed: bool) -> Self;
}

/// What a nullable root field answers. An error stays there: `Result<Option<T>>` would null its parent.
pub type Answer<T> = Option<async_graphql::Result<T>>;

/// A mutation's story as its payload: a refusal becomes a `userErrors` entry, any other error the field's error.
///
/// Boxed, as what asks the database is: the library lays out one future for all fields of a type, and moves it for each
/// field, so that a name would be as heavy as the heaviest field beside it.
pub fn answer<'a, P: Payload>(
    story: impl Future<Output = Result<P, Error>> + Send + 'a,
) -> BoxFuture<'a, Answer<P>> {
    let told = story.map(|told| match told {
        Ok(payload) => Some(Ok(payload)),
        Err(Error::Refused(refusal)) => Some(Ok(P::refused(refusal.into(), false))),
        Err(error) => Some(Err(error.into())),
    });
    told.boxed()
}

/// A query's nullable field: nothing is null, an error is the field's error and null there. Boxed, as [`answer`].
pub fn maybe<'a, T>(
    story: impl Future<Output = Result<Option<T>, Error>> + Send + 'a,
) -> BoxFuture<'a, Answer<T>> {
    let found = story.map(|found| found.transpose().map(|found| found.map_err(Into::into)));
    found.boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_refusal_begins_at_the_mutations_arguments() {
        let error = UserError::from(Reason::AmountNotPositive.at("calls.3.amount"));
        let UserError::Rule(error) = error else {
            panic!("{error:?}")
        };
        assert_eq!(error.code, UserErrorCode::AmountNotPositive);
        assert_eq!(
            error.field.unwrap(),
            ["input", "calls", "3", "amount"].map(String::from)
        );
    }
}
