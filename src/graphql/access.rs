//! Who may ask for which root field: one table, deny by default. What of it he then sees is `sight`'s, by the
//! table in `seen`.

use async_graphql::Context;
use entity::api_key::MachineRole;

use super::context::actor;
use crate::Error;
use crate::auth::Actor;

/// A set of those who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Who(u8);

pub(super) const ANONYMOUS: Who = Who(1);
pub(super) const CUSTOMER: Who = Who(2);
pub(super) const AGENT: Who = Who(4);
pub(super) const OPERATOR: Who = Who(8);
pub(super) const SWITCH: Who = Who(16);
pub(super) const PROCESSOR: Who = Who(32);
/// Whoever is signed in.
pub(super) const PERSON: Who = Who(64);
/// To a thing: the agent that manages the account that it belongs to.
pub(super) const MANAGER: Who = Who(128);

const PEOPLE: Who = CUSTOMER.or(AGENT).or(OPERATOR);
pub(super) const ANYONE: Who = ANONYMOUS.or(PERSON);
/// Machines as well: what stands on the provider's public page.
pub(super) const PUBLIC: Who = ANYONE.or(SWITCH).or(PROCESSOR);

impl Who {
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn is(actor: &Actor) -> Self {
        match actor {
            Actor::Anonymous => ANONYMOUS,
            Actor::Person(person) => [
                (person.customer.is_some(), CUSTOMER),
                (person.agent.is_some(), AGENT),
                (person.operator, OPERATOR),
            ]
            .into_iter()
            .filter(|(holds, _)| *holds)
            .fold(PERSON, |all, (_, role)| all.or(role)),
            Actor::Machine(machine) => match machine.role {
                MachineRole::Switch => SWITCH,
                MachineRole::Processor => PROCESSOR,
            },
        }
    }
}

/// How somebody stands to the program, and to a thing in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    Anonymous,
    /// It is its telephone account's.
    Customer,
    /// It is its own, or a customer's that manages itself.
    Agent,
    /// It is a customer's that it acts for.
    ManagingAgent,
    Operator,
    Switch,
    Processor,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Anonymous,
        Self::Customer,
        Self::Agent,
        Self::ManagingAgent,
        Self::Operator,
        Self::Switch,
        Self::Processor,
    ];

    pub(super) fn to_the_thing(self) -> Who {
        match self {
            Self::Anonymous => ANONYMOUS,
            Self::Customer => CUSTOMER.or(PERSON),
            Self::Agent => AGENT.or(PERSON),
            Self::ManagingAgent => AGENT.or(MANAGER).or(PERSON),
            Self::Operator => OPERATOR.or(PERSON),
            Self::Switch => SWITCH,
            Self::Processor => PROCESSOR,
        }
    }

    /// An agent has a telephone account of its own, and is a customer with it.
    fn to_the_program(self) -> Who {
        match self {
            Self::Agent | Self::ManagingAgent => self.to_the_thing().or(CUSTOMER),
            _ => self.to_the_thing(),
        }
    }
}

/// Every root field. One that is not here is nobody's.
const TABLE: &[(&str, Who)] = &[
    // Queries.
    ("program", PUBLIC),
    ("viewer", PUBLIC),
    ("node", PUBLIC),
    ("nodes", PUBLIC),
    ("agentProfile", PUBLIC),
    ("products", PUBLIC),
    ("callRate", PUBLIC),
    ("serviceLimits", PUBLIC),
    ("customers", AGENT.or(OPERATOR)),
    ("agents", OPERATOR),
    ("transactions", PEOPLE),
    ("applications", OPERATOR),
    ("payouts", AGENT.or(OPERATOR)),
    ("payoutQuote", AGENT),
    ("commissionReport", AGENT.or(OPERATOR)),
    ("customerReport", AGENT.or(OPERATOR)),
    ("agentReport", OPERATOR),
    ("statement", PEOPLE),
    ("ratePreview", OPERATOR),
    ("fraudCases", OPERATOR),
    ("auditLog", OPERATOR),
    ("proposals", OPERATOR),
    ("apiKeys", OPERATOR),
    ("ledgerCheck", OPERATOR),
    // The door.
    ("signUp", ANYONE),
    ("signUpWithAgent", ANYONE),
    ("claimAccount", ANYONE),
    ("signIn", ANYONE),
    ("refreshSession", ANYONE),
    ("signOut", PERSON),
    ("changePassword", PERSON),
    ("signUpCustomer", AGENT),
    ("handOverCustomer", AGENT),
    ("nameAgent", CUSTOMER),
    // Becoming an agent.
    ("applyToProgram", ANYONE),
    ("approveApplication", OPERATOR),
    ("rejectApplication", OPERATOR),
    ("requestApplicationInfo", OPERATOR),
    ("setCommissionRate", OPERATOR),
    ("suspendAgent", OPERATOR),
    ("reinstateAgent", OPERATOR),
    ("closeAgent", OPERATOR),
    ("assignAgent", OPERATOR),
    // Money.
    ("topUp", PEOPLE),
    ("settleTopUp", OPERATOR.or(PROCESSOR)),
    ("reverseTopUp", OPERATOR.or(PROCESSOR)),
    ("transferFunds", AGENT),
    ("reverseTransfer", OPERATOR),
    ("grantPromo", OPERATOR),
    ("refundCharge", OPERATOR),
    ("postAdjustment", OPERATOR),
    ("writeOff", OPERATOR),
    ("payBonus", OPERATOR),
    ("purchaseProduct", PEOPLE),
    ("cancelPlan", PEOPLE),
    ("recordCalls", SWITCH.or(OPERATOR)),
    ("recordCharges", SWITCH.or(OPERATOR)),
    ("requestPayout", AGENT),
    ("cancelPayout", AGENT),
    ("approvePayout", OPERATOR),
    ("rejectPayout", OPERATOR),
    ("sendPayout", OPERATOR),
    ("settlePayout", OPERATOR),
    ("returnPayout", OPERATOR),
    // Fraud.
    ("openFraudCase", OPERATOR),
    ("confirmFraudCase", OPERATOR),
    ("clearFraudCase", OPERATOR),
    // Machines and the catalogue.
    ("createApiKey", OPERATOR),
    ("revokeApiKey", OPERATOR),
    ("saveProduct", OPERATOR),
    ("saveCallRates", OPERATOR),
    // Subscriptions.
    ("commissionEvents", AGENT.or(OPERATOR)),
    ("agentEvents", AGENT.or(OPERATOR)),
    ("accountEvents", PEOPLE),
    ("deskEvents", OPERATOR),
];

/// Who asks, if he may ask for this root field at all: the first line of every root field.
///
/// # Errors
/// `Unauthenticated` for a stranger, `Forbidden` for whoever has none of the roles.
pub fn enter(ctx: &Context<'_>) -> Result<Actor, Error> {
    let actor = actor(ctx);
    check(ctx.field().name(), &actor).map(|()| actor)
}

fn check(field: &str, actor: &Actor) -> Result<(), Error> {
    let row = TABLE.iter().find(|(name, _)| *name == field);
    if row.is_some_and(|(_, who)| who.meets(Who::is(actor))) {
        return Ok(());
    }
    Err(match actor {
        Actor::Anonymous => Error::Unauthenticated,
        _ => Error::Forbidden,
    })
}

/// Whether the table has a row for a root field.
#[must_use]
pub fn knows(field: &str) -> bool {
    TABLE.iter().any(|(name, _)| *name == field)
}

/// Whether the table lets somebody ask for a root field.
#[must_use]
pub fn may_ask(standing: Standing, field: &str) -> bool {
    let row = TABLE.iter().find(|(name, _)| *name == field);
    row.is_some_and(|(_, who)| who.meets(standing.to_the_program()))
}

#[cfg(test)]
mod tests {
    use entity::{ApiKeyId, TypedId};
    use uuid::Uuid;

    use super::*;
    use crate::auth::Machine;

    #[test]
    fn no_field_has_two_rows() {
        for (i, (field, _)) in TABLE.iter().enumerate() {
            assert!(
                TABLE[..i].iter().all(|(other, _)| other != field),
                "{field}"
            );
        }
    }

    #[test]
    fn what_is_not_in_the_table_is_nobodys() {
        assert!(matches!(
            check("secrets", &Actor::Anonymous),
            Err(Error::Unauthenticated)
        ));
    }

    #[test]
    fn a_switch_posts_and_reads_nothing() {
        let switch = Actor::Machine(Machine {
            key: ApiKeyId::from_uuid(Uuid::nil()),
            role: MachineRole::Switch,
        });
        assert!(check("recordCalls", &switch).is_ok());
        for field in [
            "customers",
            "transactions",
            "settleTopUp",
            "signIn",
            "topUp",
        ] {
            assert!(
                matches!(check(field, &switch), Err(Error::Forbidden)),
                "{field}"
            );
        }
    }
}
