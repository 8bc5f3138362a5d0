//! Approval: the agent, its login, its telephone account and its first rate, all at once (R02, R08).

use entity::agent::{self, AgentStatus};
use entity::application::{self, ApplicationState};
use entity::{
    AgentId, ApplicationId, CommissionRate, CustomerId, LoginId, Percent, Prose, TypedId,
    commission_rate, login,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use super::Registry;
use super::applications::application_by_id;
use super::people::{
    NewAccount, NewLogin, account_of, free_agent_number, login_by_email, login_by_id,
};
use super::story::{Locks, Story};
use crate::Error;
use crate::program::{Noted, Reason, Refusal, applications, rates};
use crate::store::audit::Act;

/// How often the applicant's account is looked up anew, because it changed before it was locked.
const ATTEMPTS: usize = 5;

/// A new agent.
#[derive(Debug)]
pub struct Approved {
    pub application: application::Model,
    pub agent: agent::Model,
    /// For a login without a password, shown this once.
    pub claim_url: Option<String>,
}

impl Registry {
    /// An operator makes the applicant an agent, at a rate that it alone sets (R08).
    ///
    /// The login is that of whoever was signed in when applying; else a new one. Where somebody signs in with the
    /// application's address already, it is not said to be him: he applies signed in, and is approved then. A login without a password gets a claim link. The login's telephone account becomes the agent's own, or a
    /// new one does.
    ///
    /// # Errors
    /// `CommissionRateOutOfRange` at `commissionRate`; `NotFound` at `applicationId`; `IllegalState` for an application
    /// that is decided, for an applicant who is an agent already, and (`LOGIN_EXISTS`) for an address that a login has.
    pub async fn approve(
        &self,
        act: &Act,
        id: ApplicationId,
        percent: Percent,
        note: Option<Prose>,
    ) -> Result<Approved, Error> {
        let decision = Decision {
            act: act.clone(),
            rate: rates::assigned(percent)?,
            note,
        };
        for _ in 0..ATTEMPTS {
            let seen = application_by_id(self.db.reader(), id).await?;
            let mut locks = Locks::default().desk();
            if let Some(login) = applicant(self.db.reader(), &seen).await?
                && let Some(account) = account_of(self.db.reader(), login.id).await?
            {
                locks = locks.account(account.id);
            }
            let story = self.begin(&locks).await?;
            if let Some(approved) = self.approve_in(story, id, &decision).await? {
                return Ok(approved);
            }
        }
        Err(Error::Overloaded)
    }

    /// `None` where the applicant got a login or an account after these were locked.
    async fn approve_in(
        &self,
        mut story: Story,
        id: ApplicationId,
        decision: &Decision,
    ) -> Result<Option<Approved>, Error> {
        let application = application_by_id(story.txn(), id).await?;
        applications::must_be_open(application.state).map_err(Refusal::from)?;
        let Some((login, own)) = story.own_account(&application).await? else {
            return Ok(None);
        };
        let application = application::Model {
            state: ApplicationState::Approved,
            decided_at: Some(story.now),
            decided_by: Some(decision.act.by),
            response: decision.note.clone(),
            ..application
        };
        story.save_application(&application).await?;
        let agent = story.add_agent(&application, &login, own).await?;
        story.add_first_rate(&agent, decision).await?;
        let claim_url = if login.password_hash.is_some() {
            None
        } else {
            let token = story.issue_claim(own).await?;
            Some(self.site.claim_link(&token))
        };
        let noted =
            Noted::about(agent.id).says(format!("{} at {}%", application.id, decision.rate));
        story.note(&decision.act, noted).await?;
        story.news.account(own);
        story.commit(&self.db).await?;
        Ok(Some(Approved {
            application,
            agent,
            claim_url,
        }))
    }
}

/// What an operator decided.
struct Decision {
    act: Act,
    rate: CommissionRate,
    note: Option<Prose>,
}

impl Story {
    /// The applicant's login and telephone account, made where there is none; `None` where one is there and not locked.
    async fn own_account(
        &mut self,
        application: &application::Model,
    ) -> Result<Option<(login::Model, CustomerId)>, Error> {
        let known = applicant(self.txn(), application).await?;
        let login = match known {
            known @ Some(_) => known,
            None => self.add_applicant(application).await?,
        };
        let Some(login) = login else { return Ok(None) };
        let already = agent_of(self.txn(), login.id).await?;
        applications::must_not_be_agent(already.as_ref()).map_err(Refusal::from)?;
        let own = match account_of(self.txn(), login.id).await? {
            Some(account) if !self.holds_account(account.id) => return Ok(None),
            Some(account) => account,
            None => self.add_account(NewAccount::of(&login)).await?,
        };
        Ok(Some((login, own.id)))
    }

    async fn add_applicant(
        &self,
        application: &application::Model,
    ) -> Result<Option<login::Model>, Error> {
        let new = NewLogin {
            email: application.email.clone(),
            name: application.name.clone(),
            password_hash: None,
            operator: false,
        };
        self.add_login(new).await
    }

    async fn add_agent(
        &mut self,
        application: &application::Model,
        login: &login::Model,
        own: CustomerId,
    ) -> Result<agent::Model, Error> {
        let agent = agent::Model {
            id: AgentId::from_uuid(Uuid::now_v7()),
            number: free_agent_number(self.txn()).await?,
            login_id: login.id,
            customer_id: own,
            application_id: Some(application.id),
            display_name: application.name.clone(),
            kind: application.kind,
            status: AgentStatus::Active,
            joined_at: self.now,
        };
        agent::Entity::insert(agent.clone().into_active_model())
            .exec_without_returning(self.txn())
            .await?;
        self.open_agent(agent.id).await?;
        Ok(agent)
    }

    async fn add_first_rate(
        &mut self,
        agent: &agent::Model,
        decision: &Decision,
    ) -> Result<(), Error> {
        let first = commission_rate::Model {
            agent_id: agent.id,
            effective_from: self.now,
            commission_rate: decision.rate,
            reason: Prose::parse("Assigned at approval").expect("a sentence"),
            set_by: Some(decision.act.by),
            created_at: self.now,
        };
        commission_rate::Entity::insert(first.into_active_model())
            .exec_without_returning(self.txn())
            .await?;
        self.rate_event(agent, decision.rate).await
    }
}

/// The login that an applicant has, if it has one.
async fn applicant(
    conn: &impl ConnectionTrait,
    application: &application::Model,
) -> Result<Option<login::Model>, Error> {
    match application.login_id {
        Some(login) => login_by_id(conn, login).await.map(Some),
        // Addresses are not proved: whoever signed up with this one need not be the applicant, who then applies signed in.
        None => match login_by_email(conn, &application.email).await? {
            Some(login) if login.password_hash.is_some() => {
                Err(Reason::IllegalState("LOGIN_EXISTS".into())
                    .at("applicationId")
                    .into())
            }
            found => Ok(found),
        },
    }
}

async fn agent_of(
    conn: &impl ConnectionTrait,
    login: LoginId,
) -> Result<Option<agent::Model>, Error> {
    Ok(agent::Entity::find()
        .filter(agent::Column::LoginId.eq(login))
        .one(conn)
        .await?)
}
