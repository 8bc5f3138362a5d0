//! What the rules say no with.

use std::borrow::Cow;
use std::fmt;

use entity::{CommissionRate, Money};
use serde::{Deserialize, Serialize};

/// Why the rules say no: one for each `UserErrorCode`, with its figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// Something that cannot be: the sentence says what. Names no value.
    InvalidInput(Cow<'static, str>),
    /// None, or none that the actor may see: `agent`, `customer`.
    NotFound(Cow<'static, str>),
    AmountNotPositive,
    /// E11.
    AmountNotWholeCents,
    InsufficientFunds {
        available: Money,
        requested: Money,
    },
    EmailTaken,
    InvalidCredentials,
    InvalidToken,
    WeakPassword,
    /// E21.
    AgentNumberMalformed,
    /// E21.
    AgentNumberUnknown,
    AgentNotActive,
    /// E18.
    SelfReferral,
    /// E19.
    AffiliationCycle,
    ApplicationOpen,
    /// R09.
    CommissionRateOutOfRange,
    /// E06.
    EffectiveInPast,
    /// R29.
    NotAffiliated,
    /// R24.
    NotManaged,
    CustomerNotActive,
    ProductNotAvailable,
    /// E35.
    DestinationNotRated,
    PaymentDeclined,
    /// R34: the sentence says which limit.
    TopUpMethodLimit(Cow<'static, str>),
    /// R37.
    PayoutBelowMinimum {
        minimum: Money,
        fee: Money,
    },
    /// E10.
    PayoutNetNotPositive {
        minimum: Money,
        fee: Money,
    },
    PayoutMethodDetails(Cow<'static, str>),
    /// E08.
    CommissionNegative,
    /// E30.
    ExternalIdReused,
    IdempotencyKeyReused,
    /// The state that it is in: `SENT`.
    IllegalState(String),
    /// E17.
    SecondPersonRequired,
    /// E07.
    RefundExceedsCharge {
        left: Money,
        requested: Money,
    },
    /// E27: how much of it can be taken back.
    TransferSpent {
        unspent: Money,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidInput(problem)
            | Self::TopUpMethodLimit(problem)
            | Self::PayoutMethodDetails(problem) => f.write_str(problem),
            Self::NotFound(what) => write!(f, "There is no such {what}."),
            Self::AmountNotPositive => f.write_str("The amount must be more than 0.0000."),
            Self::AmountNotWholeCents => f.write_str("The amount must be in whole cents."),
            Self::InsufficientFunds {
                available,
                requested,
            } => write!(
                f,
                "{requested} was asked for, and {available} is available."
            ),
            Self::EmailTaken => f.write_str("There is an account with this e-mail address."),
            Self::InvalidCredentials => f.write_str("The e-mail address or the password is wrong."),
            Self::InvalidToken => f.write_str("This link or token is no longer good."),
            Self::WeakPassword => f.write_str(
                "Take a password of 8 to 128 characters that is not one of the common ones.",
            ),
            Self::AgentNumberMalformed => {
                f.write_str("This is no Agent ID; please check its digits.")
            }
            Self::AgentNumberUnknown => f.write_str("There is no agent with this Agent ID."),
            Self::AgentNotActive => f.write_str("This agent is not active."),
            Self::SelfReferral => f.write_str("Nobody can be his own agent."),
            Self::AffiliationCycle => f.write_str(
                "This agent is, directly or through others, a customer of this account.",
            ),
            Self::ApplicationOpen => {
                f.write_str("An application with this e-mail address is being looked at.")
            }
            Self::CommissionRateOutOfRange => write!(
                f,
                "A commission rate is {}% to {}%.",
                CommissionRate::MIN.percent(),
                CommissionRate::MAX.percent()
            ),
            Self::EffectiveInPast => f.write_str("A commission rate is never changed backwards."),
            Self::NotAffiliated => f.write_str("This is not one of the agent's customers."),
            Self::NotManaged => f.write_str("The agent does not manage this account."),
            Self::CustomerNotActive => f.write_str("This account is not active."),
            Self::ProductNotAvailable => f.write_str("This is not on the price list."),
            Self::DestinationNotRated => f.write_str("There is no rate for this number."),
            Self::PaymentDeclined => f.write_str("The payment was declined; nothing was charged."),
            Self::PayoutBelowMinimum { minimum, .. } => {
                write!(f, "The least payout by this method is {minimum}.")
            }
            Self::PayoutNetNotPositive { minimum, fee } => write!(
                f,
                "After the fee of {fee} nothing would be left; the least by this method is {minimum}."
            ),
            Self::CommissionNegative => f.write_str(
                "The commission balance is below zero; new commission pays it off first.",
            ),
            Self::ExternalIdReused => f.write_str("This external id was used for another charge."),
            Self::IdempotencyKeyReused => {
                f.write_str("This idempotency key was used for another request.")
            }
            Self::IllegalState(state) => write!(f, "It is {state}, which does not allow this."),
            Self::SecondPersonRequired => {
                f.write_str("Over the limit it takes two: another operator has to ask for it.")
            }
            Self::RefundExceedsCharge { left, requested } => write!(
                f,
                "{requested} was asked for, and {left} of the charge is left."
            ),
            Self::TransferSpent { unspent } => {
                write!(f, "The customer has spent it; {unspent} is left of it.")
            }
        }
    }
}

/// A refusal by the program's rules: nothing has been changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    pub reason: Reason,
    /// The input field at fault, from the mutation's `input` on, with dots: `amount`, `calls.3.to`.
    pub field: Option<Cow<'static, str>>,
}

impl Refusal {
    /// The same, with the input field at fault where it has none yet.
    #[must_use]
    pub fn at(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field.get_or_insert_with(|| field.into());
        self
    }

    /// `INVALID_INPUT` at a field.
    #[must_use]
    pub fn invalid(
        field: impl Into<Cow<'static, str>>,
        problem: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::from(Reason::InvalidInput(problem.into())).at(field)
    }

    /// `NOT_FOUND`.
    #[must_use]
    pub fn not_found(what: &'static str) -> Self {
        Reason::NotFound(what.into()).into()
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            field: None,
        }
    }
}

impl Reason {
    /// As a refusal at an input field.
    #[must_use]
    pub fn at(self, field: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal::from(self).at(field)
    }
}
