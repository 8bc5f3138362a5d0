//! An operator decides whose customer an account is (E24).

use entity::affiliation::{self, AffiliationMethod};
use entity::customer::Management;
use entity::{
    AffiliationId, AgentId, AssignmentId, CustomerId, Prose, TypedId, agent, assignment, customer,
};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use super::Registry;
use super::ladder::Under;
use super::people::login_by_id;
use super::story::Story;
use crate::Error;
use crate::program::{Noted, affiliations};
use crate::store::audit::Act;

impl Registry {
    /// Another agent of record from now on, or none. What was earned before stays with who earned it; the former agent's
    /// claim links die, and an account that nobody holds the login of is the new agent's to manage.
    ///
    /// # Errors
    /// `NotFound` at `customerId` or `agentId`; `IllegalState` where nothing would change: `AFFILIATED`, `UNAFFILIATED`;
    /// `AgentNotActive`, `SelfReferral` (E18), `AffiliationCycle` (E19) at `agentId`.
    pub async fn assign_agent(
        &self,
        act: &Act,
        customer: CustomerId,
        agent: Option<AgentId>,
        reason: Prose,
    ) -> Result<customer::Model, Error> {
        let Under {
            mut story,
            mut account,
            former,
            ladder,
        } = self.begin_under(customer, agent).await?;
        let next = ladder.first();
        let is = former.as_ref().map(|agent| agent.id);
        affiliations::must_change_agent(is, agent).map_err(|reason| reason.at("agentId"))?;
        if let Some(next) = next {
            let its_login = login_by_id(story.txn(), next.login_id).await?;
            affiliations::may_come_to(&account, &ladder, &its_login)
                .map_err(|reason| reason.at("agentId"))?;
        }
        if account.management.is_by_agent() {
            story.end_claims(account.id).await?;
            account.management = Management::AgentManaged;
        }
        // Whoever follows the account looks at his rights again.
        story.save_account(&account).await?;
        story.part(&account, former.as_ref()).await?;
        if let Some(next) = next {
            story.join(&account, next).await?;
        }
        let assignment = assignment::Model {
            id: AssignmentId::from_uuid(Uuid::now_v7()),
            customer_id: account.id,
            from_agent_id: is,
            to_agent_id: agent,
            reason: reason.clone(),
            set_by: act.by,
            at: story.now,
        };
        assignment::Entity::insert(assignment.into_active_model())
            .exec_without_returning(story.txn())
            .await?;
        let whose = agent.map_or_else(|| "the house".into(), |agent| agent.to_string());
        let noted = Noted::about(account.id).says(format!("{whose}: {reason}"));
        story.note(act, noted).await?;
        story.commit(&self.db).await?;
        Ok(account)
    }
}

impl Story {
    /// Ends the customer's time with its agent, and tells the agent.
    async fn part(
        &mut self,
        account: &customer::Model,
        former: Option<&agent::Model>,
    ) -> Result<(), Error> {
        let Some(former) = former else { return Ok(()) };
        affiliation::Entity::update_many()
            .col_expr(affiliation::Column::Until, Expr::value(self.now))
            .filter(affiliation::Column::CustomerId.eq(account.id))
            .filter(affiliation::Column::Until.is_null())
            .exec(self.txn())
            .await?;
        self.customer_event(former, account.id).await
    }

    async fn join(&mut self, account: &customer::Model, agent: &agent::Model) -> Result<(), Error> {
        let affiliation = affiliation::Model {
            id: AffiliationId::from_uuid(Uuid::now_v7()),
            customer_id: account.id,
            agent_id: agent.id,
            method: AffiliationMethod::Assigned,
            typed_number: None,
            link_number: None,
            since: self.now,
            until: None,
            customer_joined_at: account.joined_at,
        };
        self.affiliate(affiliation, agent).await
    }
}
