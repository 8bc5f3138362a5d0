//! A customer without an agent names one (E20), and no circle comes of it (E19).

use entity::{CustomerId, agent, customer};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::Registry;
use super::people::{affiliation, agent_named, login_by_id, open_affiliation, was_affiliated};
use super::story::{Locks, Story};
use crate::Error;
use crate::program::affiliations::{self, NamedAgent};
use crate::program::{Refusal, Terms};

/// How often the agents above are looked up anew, because they changed before they were locked.
const ATTEMPTS: usize = 5;

impl Registry {
    /// The customer's agent from now on: named in time, and once (E20).
    ///
    /// # Errors
    /// `AgentNumberMalformed`, `AgentNumberUnknown`, `AgentNotActive`, `SelfReferral` (E18), `AffiliationCycle` (E19) at
    /// `agentNumber`; `IllegalState` for a customer that has or had an agent, or that signed up too long ago.
    pub async fn name_agent(
        &self,
        customer: CustomerId,
        number: &str,
    ) -> Result<customer::Model, Error> {
        let named = NamedAgent::later(number)?;
        let (mut story, ladder) = self.begin_under(customer, &named).await?;
        let account = account(story.txn(), customer).await?;
        let agent = story
            .must_take(&account, &ladder, &named, &self.terms)
            .await?;
        let affiliation = affiliation(account.id, agent.id, &named, story.now);
        story.affiliate(affiliation, agent).await?;
        story.news.account(account.id);
        story.commit(&self.db).await?;
        Ok(account)
    }

    /// Locks an account, the agent that it names, and every agent above it.
    ///
    /// Whoever puts an agent's own account under another agent locks that first agent too. So of two who would close a
    /// circle between them, the second sees what the first one did.
    async fn begin_under(
        &self,
        customer: CustomerId,
        named: &NamedAgent,
    ) -> Result<(Story, Vec<agent::Model>), Error> {
        for _ in 0..ATTEMPTS {
            let seen = ladder(self.db.reader(), named).await?;
            let own = agent_with_account(self.db.reader(), customer).await?;
            let mut locks = Locks::default().account(customer);
            for agent in seen.iter().chain(&own) {
                locks = locks.agent(agent);
            }
            let story = self.begin(&locks).await?;
            let ladder = ladder(story.txn(), named).await?;
            let own = agent_with_account(story.txn(), customer).await?;
            if ladder.iter().chain(&own).all(|agent| locks.holds(agent.id)) {
                return Ok((story, ladder));
            }
        }
        Err(Error::Overloaded)
    }
}

impl Story {
    /// The agent at the foot of the ladder, if the account may become its customer.
    async fn must_take<'a>(
        &self,
        account: &customer::Model,
        ladder: &'a [agent::Model],
        named: &NamedAgent,
        terms: &Terms,
    ) -> Result<&'a agent::Model, Error> {
        let had_agent = was_affiliated(self.txn(), account.id).await?;
        let days = terms.claim_agent_days;
        affiliations::must_still_name(account.joined_at, had_agent, days, self.now)
            .map_err(Refusal::from)?;
        let agent = ladder.first().expect("begin_under found the agent named");
        let its_login = login_by_id(self.txn(), agent.login_id).await?;
        let above = ladder.iter().map(|agent| agent.customer_id);
        affiliations::must_take_customers(agent)
            .and_then(|()| {
                let email = account.email.as_ref();
                affiliations::must_be_another(&its_login, account.login_id, email)
            })
            .and_then(|()| affiliations::must_not_circle(account.id, above))
            .map_err(|reason| reason.at(named.field()))?;
        Ok(agent)
    }
}

/// The agent named, the agent whose customer its own account is, and so on up.
async fn ladder(
    conn: &impl ConnectionTrait,
    named: &NamedAgent,
) -> Result<Vec<agent::Model>, Error> {
    let mut ladder = vec![agent_named(conn, named).await?];
    while let Some(top) = ladder.last() {
        let Some(affiliation) = open_affiliation(conn, top.customer_id).await? else {
            break;
        };
        let above = agent::Entity::find_by_id(affiliation.agent_id)
            .one(conn)
            .await?;
        // There is no circle, or this would not end.
        let Some(above) = above.filter(|above| ladder.iter().all(|agent| agent.id != above.id))
        else {
            break;
        };
        ladder.push(above);
    }
    Ok(ladder)
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
    account.ok_or_else(|| Refusal::not_found("customer").into())
}
