use std::fmt;
use std::str::FromStr;

use sea_orm::{DeriveValueType, TryFromU64};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A kind of id: what its prefix names. `agt_0192…` is an agent and nothing else.
pub trait TypedId: Copy + Sized {
    /// Three letters, without the underscore.
    const PREFIX: &'static str;
    /// The bare id, as the database holds it.
    fn uuid(self) -> Uuid;
    /// From the bare id.
    fn from_uuid(uuid: Uuid) -> Self;
    /// Reads `prefix_` and 32 lower-case hexadecimal letters; any other prefix or form is `None`.
    fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix(Self::PREFIX)?.strip_prefix('_')?;
        let plain = hex.len() == 32
            && hex
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        plain
            .then(|| Uuid::try_parse(hex).ok())
            .flatten()
            .map(Self::from_uuid)
    }
}

/// What is no id of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct WrongId;

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl TypedId for $name {
            const PREFIX: &'static str = $prefix;
            fn uuid(self) -> Uuid {
                self.0
            }
            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = WrongId;
            fn from_str(text: &str) -> Result<Self, WrongId> {
                Self::parse(text).ok_or(WrongId)
            }
        }

        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )*};
}

typed_ids! {
    /// A login.
    LoginId = "usr";
    /// A signed-in session of a login.
    SessionId = "ses";
    /// A machine's key.
    ApiKeyId = "key";
    /// A request to become an agent.
    ApplicationId = "app";
    /// An agent of the program.
    AgentId = "agt";
    /// A telephone account.
    CustomerId = "cus";
    /// A customer's time with one agent.
    AffiliationId = "aff";
    /// An operator's decision whether an agent earns.
    StandingId = "std";
    /// An operator's decision whose customer an account is.
    AssignmentId = "asg";
    /// A thing on the price list.
    ProductId = "prd";
    /// A price of calls to a prefix.
    CallRateId = "rat";
    /// A monthly fee that runs.
    PlanId = "pln";
    /// A paid or free call, service or fee.
    ChargeId = "chg";
    /// What a charge earned, or what was taken back.
    CommissionId = "com";
    /// Money paid in.
    TopUpId = "top";
    /// Funds from an agent to a customer.
    TransferId = "trf";
    /// An agent's request for money.
    PayoutId = "pay";
    /// A balanced set of ledger entries.
    TransactionId = "txn";
    /// Commissions under suspicion.
    FraudCaseId = "frd";
    /// What waits for a second operator.
    ProposalId = "prp";
    /// A line of the audit log.
    AuditEntryId = "aud";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_parses_only_as_its_own_kind() {
        let agent = AgentId(Uuid::from_u128(7));
        assert_eq!(agent.to_string().parse(), Ok(agent));
        assert_eq!(agent.to_string().parse::<CustomerId>(), Err(WrongId));
        for text in [
            "",
            "agt_",
            "agt_7",
            "agt_00000000-0000-0000-0000-000000000007",
            "agt7",
            "AGT_x",
        ] {
            assert_eq!(text.parse::<AgentId>(), Err(WrongId), "{text}");
        }
    }
}
