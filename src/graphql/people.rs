//! Who is signed in.

use async_graphql::{Context, Enum, ID, Object, Result};
use entity::api_key::MachineRole;
use entity::{agent, customer};

use super::access::enter;
use super::error::{Answer, maybe};
use super::loaders::{AccountOfLogin, AgentOfLogin, find, must};
use super::nodes::{Agent, Customer, User};
use super::scalars::DateTime;
use crate::auth::{Actor, Person};

/// What somebody, or a machine, is here for.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Has a telephone account.
    Customer,
    /// Is an agent of the program.
    Agent,
    /// Runs the program.
    Operator,
    /// A telephone switch or billing system: posts calls and charges, reads nothing.
    Switch,
    /// A payment processor: reports top-ups and payouts, reads nothing.
    Processor,
}

impl From<MachineRole> for Role {
    fn from(role: MachineRole) -> Self {
        match role {
            MachineRole::Switch => Self::Switch,
            MachineRole::Processor => Self::Processor,
        }
    }
}

/// Who is signed in.
pub struct Viewer(pub Person);

/// Who is signed in, and what he is here for.
#[Object]
impl Viewer {
    /// The login.
    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        Ok(User(must(ctx, self.0.login).await?))
    }

    /// The agent that this login is, if it is one.
    async fn agent(&self, ctx: &Context<'_>) -> Answer<Agent> {
        maybe(async {
            match self.0.agent {
                Some(id) => Ok(find(ctx, id).await?.map(Agent)),
                None => Ok(None),
            }
        })
        .await
    }

    /// The login's own telephone account; an agent's as well. Null to an operator who has none.
    async fn customer(&self, ctx: &Context<'_>) -> Answer<Customer> {
        maybe(async {
            match self.0.customer {
                Some(id) => Ok(find(ctx, id).await?.map(Customer::from)),
                None => Ok(None),
            }
        })
        .await
    }

    /// When the session ends, whatever is refreshed until then.
    async fn session_expires_at(&self) -> DateTime {
        self.0.session_expires_at.into()
    }
}

/// A login. Only its owner and operators see it.
#[Object]
impl User {
    /// The global id, `usr_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it signs in with.
    async fn email(&self) -> &str {
        self.0.email.as_str()
    }

    /// The person's name.
    async fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// What the login may do, as of now.
    async fn roles(&self, ctx: &Context<'_>) -> Result<Vec<Role>> {
        let account: Option<customer::Model> = find(ctx, AccountOfLogin(self.0.id)).await?;
        let agent: Option<agent::Model> = find(ctx, AgentOfLogin(self.0.id)).await?;
        let held = [
            (account.is_some(), Role::Customer),
            (agent.is_some(), Role::Agent),
            (self.0.operator, Role::Operator),
        ];
        Ok(held
            .into_iter()
            .filter_map(|(holds, role)| holds.then_some(role))
            .collect())
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
}

/// Its share of the queries.
#[derive(Default)]
pub struct PeopleQuery;

#[Object]
impl PeopleQuery {
    /// Who is signed in. Null for a stranger and for a machine.
    ///
    /// Example: `{ viewer { user { name roles } agent { agentNumber balance { available } } } }`
    async fn viewer(&self, ctx: &Context<'_>) -> Answer<Viewer> {
        maybe(async {
            Ok(match enter(ctx)? {
                Actor::Person(person) => Some(Viewer(person)),
                Actor::Anonymous | Actor::Machine(_) => None,
            })
        })
        .await
    }
}
