//! A customer without an agent names one (E20), and no circle comes of it (E19).

use entity::{CustomerId, agent, customer};

use super::Registry;
use super::ladder::Under;
use super::people::{affiliation, agent_named, login_by_id, was_affiliated};
use super::story::Story;
use crate::Error;
use crate::program::affiliations::{self, NamedAgent};
use crate::program::{Refusal, Terms};

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
        // A number is one agent's for ever.
        let agent = agent_named(self.db.reader(), &named).await?;
        let Under {
            mut story,
            account,
            ladder,
            ..
        } = self.begin_under(customer, Some(agent.id)).await?;
        let agent = story
            .must_take(&account, &ladder, &named, &self.terms)
            .await?;
        let affiliation = affiliation(&account, agent.id, &named, story.now);
        story.affiliate(affiliation, agent).await?;
        story.news.account(account.id);
        story.commit(&self.db).await?;
        Ok(account)
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
        let agent = ladder.first().expect("it begins with the agent named");
        let its_login = login_by_id(self.txn(), agent.login_id).await?;
        affiliations::may_come_to(account, ladder, &its_login)
            .map_err(|reason| reason.at(named.field()))?;
        Ok(agent)
    }
}
