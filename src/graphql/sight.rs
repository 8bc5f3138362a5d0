//! What somebody may see. Every row that leaves passes here: a stranger's row and a missing one are the same nothing.
//!
//! - An operator sees all.
//! - An agent sees itself; the customers that are its own now; the charges of its customers that happened while they were its
//!   own, and its commissions, transfers and payouts, for ever; its own telephone account as any customer does. Of a
//!   customer that it manages it sees all that the customer would.
//! - A customer sees its own account, charges, top-ups, plans, transactions and the transfers to it; of its agent only the
//!   profile, and no commission.
//! - Machines see nothing, and strangers the price list.

use std::collections::BTreeSet;

use async_graphql::Context;
use entity::customer::Management;
use entity::{
    AgentId, CustomerId, LoginId, TypedId, application, charge, commission, payout, plan, product,
    top_up, transfer,
};
use uuid::Uuid;

use super::loaders::{Keeper, find};
use super::nodes::Customer;
use crate::Error;
use crate::auth::Actor;

/// What somebody may see, by who he is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sight {
    /// A stranger or a machine.
    Nothing,
    /// A customer, or an agent, which has a telephone account too.
    Own {
        login: LoginId,
        agent: Option<AgentId>,
        customer: Option<CustomerId>,
    },
    /// An operator.
    All,
}

/// How somebody stands to a telephone account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// An operator's.
    Operator,
    /// It is his own.
    Own,
    /// His customer, which he manages.
    Manages,
    /// His customer, which manages itself.
    Monitors,
    /// None: he does not see it.
    Stranger,
}

impl Relation {
    /// Whether he sees the account and its balance.
    #[must_use]
    pub fn sees(self) -> bool {
        self != Self::Stranger
    }

    /// Whether he sees all that its holder does.
    #[must_use]
    pub fn sees_all(self) -> bool {
        matches!(self, Self::Operator | Self::Own | Self::Manages)
    }
}

impl Sight {
    /// By who asks.
    #[must_use]
    pub fn of(actor: &Actor) -> Self {
        match actor {
            Actor::Person(person) if person.operator => Self::All,
            Actor::Person(person) => Self::Own {
                login: person.login,
                agent: person.agent,
                customer: person.customer,
            },
            Actor::Anonymous | Actor::Machine(_) => Self::Nothing,
        }
    }

    /// The agent that he is.
    #[must_use]
    pub fn agent(self) -> Option<AgentId> {
        match self {
            Self::Own { agent, .. } => agent,
            _ => None,
        }
    }

    /// His own telephone account.
    #[must_use]
    pub fn customer(self) -> Option<CustomerId> {
        match self {
            Self::Own { customer, .. } => customer,
            _ => None,
        }
    }

    /// The owners of the ledger accounts that are his own.
    #[must_use]
    pub fn owners(self) -> BTreeSet<Uuid> {
        let agent = self.agent().map(TypedId::uuid);
        agent
            .into_iter()
            .chain(self.customer().map(TypedId::uuid))
            .collect()
    }

    /// All, or what is this agent's.
    #[must_use]
    pub fn is_agent(self, id: AgentId) -> bool {
        self == Self::All || self.agent() == Some(id)
    }

    /// All, or what is this customer's.
    #[must_use]
    pub fn is_customer(self, id: CustomerId) -> bool {
        self == Self::All || self.customer() == Some(id)
    }

    /// Itself, or for operators any.
    #[must_use]
    pub fn login(self, id: LoginId) -> bool {
        match self {
            Self::All => true,
            Self::Own { login, .. } => login == id,
            Self::Nothing => false,
        }
    }

    /// Its own, or for operators any.
    #[must_use]
    pub fn payout(self, row: &payout::Model) -> bool {
        self.is_agent(row.agent_id)
    }

    /// Its own, or for operators any: never the customer's.
    #[must_use]
    pub fn commission(self, row: &commission::Model) -> bool {
        self.is_agent(row.agent_id)
    }

    /// The applicant's own, if it was signed in; the operators' all.
    #[must_use]
    pub fn application(self, row: &application::Model) -> bool {
        match self {
            Self::All => true,
            Self::Own { login, .. } => row.login_id == Some(login),
            Self::Nothing => false,
        }
    }

    /// What is on the price list, and for operators what was.
    #[must_use]
    pub fn product(self, row: &product::Model) -> bool {
        row.available || self == Self::All
    }

    /// How he stands to a telephone account, now.
    ///
    /// # Errors
    /// The database's.
    pub async fn relation(self, ctx: &Context<'_>, id: CustomerId) -> Result<Relation, Error> {
        match self.known_relation(id) {
            Some(relation) => Ok(relation),
            None => Ok(self.to_kept(find(ctx, Keeper(id)).await?)),
        }
    }

    /// The same for an account whose agent may be known already: then nobody is asked.
    ///
    /// # Errors
    /// The database's.
    pub async fn relation_to(self, ctx: &Context<'_>, to: &Customer) -> Result<Relation, Error> {
        match (self.known_relation(to.row.id), to.agent) {
            (Some(relation), _) => Ok(relation),
            (None, Some(keeper)) => Ok(self.to_kept(Some((keeper, to.row.management)))),
            (None, None) => self.relation(ctx, to.row.id).await,
        }
    }

    /// Where it does not depend on whose it is.
    fn known_relation(self, id: CustomerId) -> Option<Relation> {
        match self {
            Self::All => Some(Relation::Operator),
            Self::Own { customer, .. } if customer == Some(id) => Some(Relation::Own),
            Self::Own { agent: Some(_), .. } => None,
            Self::Own { agent: None, .. } | Self::Nothing => Some(Relation::Stranger),
        }
    }

    /// To an account that this agent keeps.
    fn to_kept(self, kept: Option<(AgentId, Management)>) -> Relation {
        match kept {
            Some((keeper, _)) if self.agent() != Some(keeper) => Relation::Stranger,
            Some((_, management)) if management.is_by_agent() => Relation::Manages,
            Some(_) => Relation::Monitors,
            None => Relation::Stranger,
        }
    }

    /// The customer's own, its agent's of that time, or that of the agent that manages it.
    ///
    /// # Errors
    /// The database's.
    pub async fn charge(self, ctx: &Context<'_>, row: &charge::Model) -> Result<bool, Error> {
        if row.agent_id.is_some_and(|agent| self.is_agent(agent)) {
            return Ok(true);
        }
        Ok(self.relation(ctx, row.customer_id).await?.sees_all())
    }

    /// The customer's, or that of the agent that manages it.
    ///
    /// # Errors
    /// The database's.
    pub async fn top_up(self, ctx: &Context<'_>, row: &top_up::Model) -> Result<bool, Error> {
        Ok(self.relation(ctx, row.customer_id).await?.sees_all())
    }

    /// The customer's, or its agent's.
    ///
    /// # Errors
    /// The database's.
    pub async fn plan(self, ctx: &Context<'_>, row: &plan::Model) -> Result<bool, Error> {
        Ok(self.relation(ctx, row.customer_id).await?.sees())
    }

    /// The agent's that gave it, the customer's that got it, or that of the agent that manages it.
    ///
    /// # Errors
    /// The database's.
    pub async fn transfer(self, ctx: &Context<'_>, row: &transfer::Model) -> Result<bool, Error> {
        if self.is_agent(row.agent_id) {
            return Ok(true);
        }
        Ok(self.relation(ctx, row.customer_id).await?.sees_all())
    }
}
