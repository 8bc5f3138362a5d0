use chrono::{DateTime, Utc};
use entity::api_key::MachineRole;
use entity::{AgentId, ApiKeyId, CustomerId, LoginId, SessionId, TypedId};
use uuid::Uuid;

use crate::Error;

/// Who asks: made at the door from the bearer token, and handed to every resolver.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Nobody is signed in: may see what is public, sign up, sign in and apply.
    Anonymous,
    /// Somebody who is signed in.
    Person(Person),
    /// A telephone switch or a payment processor, by its API key.
    Machine(Machine),
}

/// Somebody who is signed in, with what the database says of the login now, not what the token said once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Person {
    pub login: LoginId,
    pub session: SessionId,
    pub session_expires_at: DateTime<Utc>,
    /// When the access token runs out: a socket is closed then.
    pub access_expires_at: DateTime<Utc>,
    pub operator: bool,
    /// The agent that this login is, if it is one.
    pub agent: Option<AgentId>,
    /// The login's own telephone account.
    pub customer: Option<CustomerId>,
}

/// A machine, by its API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Machine {
    pub key: ApiKeyId,
    pub role: MachineRole,
}

impl Actor {
    /// The person.
    ///
    /// # Errors
    /// `Unauthenticated` for a stranger, `Forbidden` for a machine.
    pub fn person(&self) -> Result<&Person, Error> {
        match self {
            Self::Person(person) => Ok(person),
            Self::Anonymous => Err(Error::Unauthenticated),
            Self::Machine(_) => Err(Error::Forbidden),
        }
    }

    /// The person, who must be an operator.
    ///
    /// # Errors
    /// `Unauthenticated` for a stranger, `Forbidden` for everybody else.
    pub fn operator(&self) -> Result<&Person, Error> {
        let person = self.person()?;
        person.operator.then_some(person).ok_or(Error::Forbidden)
    }

    /// The agent that the person is.
    ///
    /// # Errors
    /// `Unauthenticated` for a stranger, `Forbidden` for whoever is no agent.
    pub fn agent(&self) -> Result<AgentId, Error> {
        self.person()?.agent.ok_or(Error::Forbidden)
    }

    /// The machine, which must be there for `role`.
    ///
    /// # Errors
    /// `Unauthenticated` for a stranger, `Forbidden` for everybody else.
    pub fn machine(&self, role: MachineRole) -> Result<Machine, Error> {
        match self {
            Self::Machine(machine) if machine.role == role => Ok(*machine),
            Self::Anonymous => Err(Error::Unauthenticated),
            _ => Err(Error::Forbidden),
        }
    }

    /// The login or key: whose idempotency keys these are.
    ///
    /// # Errors
    /// `Unauthenticated` for a stranger.
    pub fn id(&self) -> Result<Uuid, Error> {
        match self {
            Self::Anonymous => Err(Error::Unauthenticated),
            Self::Person(person) => Ok(person.login.uuid()),
            Self::Machine(machine) => Ok(machine.key.uuid()),
        }
    }
}
