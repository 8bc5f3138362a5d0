//! Who stands above whom: an account, its agents, and the agents whose customers these are in turn (E19).

use entity::{AgentId, CustomerId, agent, customer};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::Registry;
use super::people::{agent_by_id, open_affiliation};
use super::story::{Locks, Story};
use crate::Error;
use crate::program::Refusal;

/// How often the agents above are looked up anew, because they changed before they were locked.
const ATTEMPTS: usize = 5;

/// A story that holds an account, its agent of record, and the agent that it is to come to with all that are above that.
pub(super) struct Under {
    pub(super) story: Story,
    pub(super) account: customer::Model,
    /// The agent of record.
    pub(super) former: Option<agent::Model>,
    /// The agent to be, the agent whose customer its own account is, and so on up. Empty: it is to come to none.
    pub(super) ladder: Vec<agent::Model>,
}

impl Registry {
    /// Locks an account, its agent of record, the agent that it is to come to, and every agent above that.
    ///
    /// Whoever puts an agent's own account under another agent locks that first agent too. So of two who would close a
    /// circle between them, the second sees what the first one did.
    ///
    /// # Errors
    /// `NotFound` at `agentId`, or for the account.
    pub(super) async fn begin_under(
        &self,
        customer: CustomerId,
        foot: Option<AgentId>,
    ) -> Result<Under, Error> {
        for _ in 0..ATTEMPTS {
            let seen = Around::of(self.db.reader(), customer, foot).await?;
            let mut locks = Locks::default().account(customer);
            for agent in seen.agents() {
                locks = locks.agent(agent);
            }
            let story = self.begin(&locks).await?;
            let now = Around::of(story.txn(), customer, foot).await?;
            if now.agents().all(|agent| locks.holds(agent.id)) {
                return Ok(Under {
                    account: account(story.txn(), customer).await?,
                    story,
                    former: now.former,
                    ladder: now.ladder,
                });
            }
        }
        Err(Error::Overloaded)
    }
}

/// The agents around an account.
struct Around {
    ladder: Vec<agent::Model>,
    former: Option<agent::Model>,
    /// The agent whose own telephone account it is.
    own: Option<agent::Model>,
}

impl Around {
    async fn of(
        conn: &impl ConnectionTrait,
        customer: CustomerId,
        foot: Option<AgentId>,
    ) -> Result<Self, Error> {
        let ladder = match foot {
            Some(foot) => ladder(conn, agent_by_id(conn, foot).await?).await?,
            None => Vec::new(),
        };
        Ok(Self {
            ladder,
            former: agent_of_record(conn, customer).await?,
            own: agent_with_account(conn, customer).await?,
        })
    }

    fn agents(&self) -> impl Iterator<Item = &agent::Model> {
        self.ladder.iter().chain(&self.former).chain(&self.own)
    }
}

/// An agent, the agent whose customer its own account is, and so on up.
async fn ladder(
    conn: &impl ConnectionTrait,
    foot: agent::Model,
) -> Result<Vec<agent::Model>, Error> {
    let mut ladder = vec![foot];
    while let Some(top) = ladder.last() {
        let above = agent_of_record(conn, top.customer_id).await?;
        // There is no circle, or this would not end.
        let Some(above) = above.filter(|above| ladder.iter().all(|agent| agent.id != above.id))
        else {
            break;
        };
        ladder.push(above);
    }
    Ok(ladder)
}

/// A customer's agent of record.
pub(super) async fn agent_of_record(
    conn: &impl ConnectionTrait,
    customer: CustomerId,
) -> Result<Option<agent::Model>, Error> {
    let Some(affiliation) = open_affiliation(conn, customer).await? else {
        return Ok(None);
    };
    let agent = agent::Entity::find_by_id(affiliation.agent_id);
    Ok(agent.one(conn).await?)
}

/// The agent whose own telephone account this is, if it is one's.
async fn agent_with_account(
    conn: &impl ConnectionTrait,
    account: CustomerId,
) -> Result<Option<agent::Model>, Error> {
    Ok(agent::Entity::find()
        .filter(agent::Column::CustomerId.eq(account))
        .one(conn)
        .await?)
}

async fn account(conn: &impl ConnectionTrait, id: CustomerId) -> Result<customer::Model, Error> {
    let account = customer::Entity::find_by_id(id).one(conn).await?;
    account.ok_or_else(|| Refusal::not_found("customer").at("customerId").into())
}
