//! Who may follow what.

use entity::{AgentId, CustomerId, affiliation, customer};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, JoinType, QueryFilter, QuerySelect};

use crate::Error;
use crate::auth::Person;
use crate::store::{Db, Stream};

/// Whose events are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    Agent(AgentId),
    Account(CustomerId),
    /// The operators' desk.
    Desk,
}

impl From<Followed> for Stream {
    fn from(followed: Followed) -> Self {
        match followed {
            Followed::Agent(agent) => Self::Agent(agent),
            Followed::Account(customer) => Self::Account(customer),
            Followed::Desk => Self::Desk,
        }
    }
}

impl Followed {
    /// Whether the right to follow it can go while its owner stays who he is: with the management of an account (E25).
    pub(super) fn is_lent(self, person: &Person) -> bool {
        match self {
            Self::Account(customer) => !person.operator && person.customer != Some(customer),
            Self::Agent(_) | Self::Desk => false,
        }
    }

    /// The one place that decides it: an operator may follow all, an agent itself and the accounts that it manages now
    /// (R24, E25), a customer its own account.
    ///
    /// # Errors
    /// `Forbidden`, for a stranger's account as for a missing one; the database's.
    pub(super) async fn must_be_seen_by(self, person: &Person, db: &Db) -> Result<(), Error> {
        let seen = match self {
            _ if person.operator => true,
            Self::Agent(agent) => person.agent == Some(agent),
            Self::Account(customer) if person.customer == Some(customer) => true,
            Self::Account(customer) => match person.agent {
                Some(agent) => manages(db, agent, customer).await?,
                None => false,
            },
            Self::Desk => false,
        };
        seen.then_some(()).ok_or(Error::Forbidden)
    }
}

async fn manages(db: &Db, agent: AgentId, customer: CustomerId) -> Result<bool, DbErr> {
    let affiliation = customer::Entity::belongs_to(affiliation::Entity)
        .from(customer::Column::Id)
        .to(affiliation::Column::CustomerId);
    let account = customer::Entity::find_by_id(customer)
        .join(JoinType::InnerJoin, affiliation.into())
        .filter(affiliation::Column::AgentId.eq(agent))
        .filter(affiliation::Column::Until.is_null())
        .one(db.reader())
        .await?;
    Ok(account.is_some_and(|account| account.management.is_by_agent()))
}
