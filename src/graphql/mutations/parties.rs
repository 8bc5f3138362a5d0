//! Who acts, and inside whose account.

use async_graphql::ID;
use entity::{AgentId, CustomerId, IdempotencyKey, LoginId, TypedId};
use uuid::Uuid;

use crate::Error;
use crate::auth::{Actor, Person};
use crate::graphql::given::{Given, id, text};
use crate::program::{Party, Refusal};

/// The account that is acted in, and for whom: the viewer's own where none is named.
///
/// An operator acts in any; an agent is held to those that it manages by the rule.
pub(super) fn party(
    actor: &Actor,
    customer: Option<&Given<ID>>,
) -> Result<(Party, CustomerId), Error> {
    let person = person(actor)?;
    let named = match customer {
        Some(given) => Some(id::<CustomerId>(given, "customerId")?),
        None => None,
    };
    let missing = || Refusal::not_found("customer").at("customerId");
    match (named, person.customer) {
        (None, None) => Err(missing().into()),
        (None, Some(own)) => Ok((Party::Customer(own), own)),
        (Some(named), Some(own)) if named == own => Ok((Party::Customer(own), own)),
        (Some(named), _) => match (person.operator, person.agent) {
            (true, _) => Ok((Party::Operator(person.login), named)),
            (false, Some(agent)) => Ok((Party::Agent(agent), named)),
            (false, None) => Err(missing().into()),
        },
    }
}

/// The one for whom an account's plans and the like are changed, before it is known whose they are.
pub(super) fn acting(actor: &Actor) -> Result<Party, Error> {
    let person = person(actor)?;
    match (person.operator, person.agent, person.customer) {
        (true, _, _) => Ok(Party::Operator(person.login)),
        (false, Some(agent), _) => Ok(Party::Agent(agent)),
        (false, None, Some(own)) => Ok(Party::Customer(own)),
        (false, None, None) => Err(Error::Forbidden),
    }
}

pub(super) fn person(actor: &Actor) -> Result<&Person, Error> {
    match actor {
        Actor::Person(person) => Ok(person),
        Actor::Anonymous => Err(Error::Unauthenticated),
        Actor::Machine(_) => Err(Error::Forbidden),
    }
}

/// The agent that asks.
pub(super) fn agent(actor: &Actor) -> Result<AgentId, Error> {
    person(actor)?.agent.ok_or(Error::Forbidden)
}

/// The operator that asks.
pub(super) fn operator(actor: &Actor) -> Result<LoginId, Error> {
    let person = person(actor)?;
    person
        .operator
        .then_some(person.login)
        .ok_or(Error::Forbidden)
}

/// Whose idempotency keys they are: a login's, or a machine's.
pub(super) fn keeper(actor: &Actor) -> Result<Uuid, Error> {
    match actor {
        Actor::Person(person) => Ok(person.login.uuid()),
        Actor::Machine(machine) => Ok(machine.key.uuid()),
        Actor::Anonymous => Err(Error::Unauthenticated),
    }
}

/// A client's own name for this request.
pub(super) fn key(given: &str) -> Result<IdempotencyKey, Refusal> {
    text("idempotencyKey", given, IdempotencyKey::parse)
}
