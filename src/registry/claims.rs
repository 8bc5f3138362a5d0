//! Claim links: a customer takes its account over, or a new agent sets its password (R18, E25).

use chrono::Days;
use entity::affiliation::{self, AffiliationMethod};
use entity::customer::{self, CustomerStatus, Management};
use entity::{AgentId, CustomerId, Email, agent, claim, login};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, Set,
};

use super::Registry;
use super::ladder::agent_of_record;
use super::people::{NewLogin, agent_by_id, login_by_id, open_affiliation};
use super::signups::{email_taken, no_address};
use super::story::{Locks, Story};
use crate::Error;
use crate::auth::{Origin, Signed, digest, opaque};
use crate::program::{Noted, Reason, Refusal, affiliations};
use crate::store::audit::Act;

/// How long a claim link is good (E25).
const CLAIM_DAYS: Days = Days::new(7);

/// A customer that is being handed over.
#[derive(Debug)]
pub struct Handover {
    pub customer: customer::Model,
    /// Shown this once.
    pub claim_url: String,
}

impl Story {
    /// A new claim token for an account. Those issued before are good no more; only its SHA-256 is kept.
    pub(super) async fn issue_claim(&self, customer_id: CustomerId) -> Result<String, Error> {
        self.end_claims(customer_id).await?;
        let (token, hash) = opaque("agc");
        let claim = claim::Model {
            hash,
            customer_id,
            issued_at: self.now,
            expires_at: self.now + CLAIM_DAYS,
            spent_at: None,
        };
        claim::Entity::insert(claim.into_active_model())
            .exec_without_returning(self.txn())
            .await?;
        Ok(token)
    }

    pub(super) async fn end_claims(&self, customer: CustomerId) -> Result<(), Error> {
        claim::Entity::update_many()
            .col_expr(claim::Column::SpentAt, Expr::value(self.now))
            .filter(claim::Column::CustomerId.eq(customer))
            .filter(claim::Column::SpentAt.is_null())
            .exec(self.txn())
            .await?;
        Ok(())
    }
}

impl Registry {
    /// An agent issues a (new) claim link for a customer that it manages: one that it signed up, or that an operator gave it
    /// (E24), and that nobody has claimed. Earlier links die. One that it signed up and meant to keep is handed over from
    /// now on, and its way is the third: `AGENT_HANDOVER`.
    ///
    /// # Errors
    /// `NotFound` at `customerId` for a foreign customer as for a missing one; `NotManaged`; `AgentNotActive` while it is
    /// suspended (E22); `CustomerNotActive`;
    /// `InvalidInput` at `email` where no address is known; `SelfReferral` (E18) at `email`.
    pub async fn hand_over(
        &self,
        act: &Act,
        agent: AgentId,
        customer: CustomerId,
        email: Option<Email>,
    ) -> Result<Handover, Error> {
        let agent = agent_by_id(self.db.reader(), agent).await?;
        let locks = Locks::default().agent(&agent).account(customer);
        let mut story = self.begin(&locks).await?;
        let (mut account, affiliation) = story.own_customer(&agent, customer).await?;
        if !account.management.is_by_agent() {
            return Err(Reason::NotManaged.at("customerId").into());
        }
        // Under the lock: it may have been suspended since.
        let agent = agent_by_id(story.txn(), agent.id).await?;
        affiliations::must_take_customers(&agent).map_err(Refusal::from)?;
        if !account.status.is_open() {
            return Err(Reason::CustomerNotActive.at("customerId").into());
        }
        account.email = email.or(account.email);
        let its_login = login_by_id(story.txn(), agent.login_id).await?;
        affiliations::must_be_another(&its_login, None, account.email.as_ref())
            .map_err(|reason| reason.at("email"))?;
        if account.email.is_none() {
            return Err(no_address().into());
        }
        account.management = Management::PendingHandover;
        story.save_account(&account).await?;
        if affiliation.method == AffiliationMethod::AgentManaged {
            let third_way = affiliation::ActiveModel {
                id: Set(affiliation.id),
                method: Set(AffiliationMethod::AgentHandover),
                ..Default::default()
            };
            third_way.update(story.txn()).await?;
        }
        let token = story.issue_claim(account.id).await?;
        story.customer_event(&agent, account.id).await?;
        let noted = Noted::about(account.id).acting_for(account.id);
        story.note(act, noted).await?;
        story.commit(&self.db).await?;
        Ok(Handover {
            customer: account,
            claim_url: self.site.claim_link(&token),
        })
    }

    /// Whoever holds a claim link sets its own password and signs in; the agent's management ends at once (E25).
    ///
    /// For a customer this makes the login. A new agent has one already, with the address of its application.
    ///
    /// # Errors
    /// `InvalidToken` at `token`, for a spent or an old one too; `WeakPassword` at `password`; `SelfReferral` (E18) and
    /// `EmailTaken` at `email`; `InvalidInput` at `email` where a new agent gives another address than its own.
    pub async fn claim(
        &self,
        token: &str,
        email: Email,
        password: String,
        from: &Origin,
    ) -> Result<Signed, Error> {
        let claimed = self.claimed_account(self.db.reader(), token).await?;
        let hash = self.auth.hash(password, from).await?;
        let (mut story, agent) = self.begin_claim(claimed.id).await?;
        let mut account = self.claimed_account(story.txn(), token).await?;
        if let Some(agent) = &agent {
            let its_login = login_by_id(story.txn(), agent.login_id).await?;
            affiliations::must_be_another(&its_login, account.login_id, Some(&email))
                .map_err(|reason| reason.at("email"))?;
        }
        let login = if let Some(login) = account.login_id {
            let login = login_by_id(story.txn(), login).await?;
            if login.password_hash.is_some() {
                return Err(Reason::InvalidToken.at("token").into());
            }
            must_be_own(&login, &email)?;
            story.set_password(login.id, hash).await?;
            login
        } else {
            let login = NewLogin {
                email: email.clone(),
                name: account.name.clone(),
                password_hash: Some(hash),
                operator: false,
            };
            (story.add_login(login).await?).ok_or_else(email_taken)?
        };
        account.login_id = Some(login.id);
        account.email = Some(email);
        account.management = Management::Own;
        if account.status == CustomerStatus::Pending {
            account.status = CustomerStatus::Active;
        }
        story.save_account(&account).await?;
        story.end_claims(account.id).await?;
        if let Some(agent) = &agent {
            story.customer_event(agent, account.id).await?;
        }
        let opened = self
            .auth
            .open_session(story.txn(), login.id, from, "claimAccount")
            .await?;
        story.commit(&self.db).await?;
        self.auth.signed(opened).await
    }

    /// Locks an account and its agent of record, who may have changed until the locks are held.
    async fn begin_claim(
        &self,
        account: CustomerId,
    ) -> Result<(Story, Option<agent::Model>), Error> {
        loop {
            let mut locks = Locks::default().account(account);
            if let Some(agent) = agent_of_record(self.db.reader(), account).await? {
                locks = locks.agent(&agent);
            }
            let story = self.begin(&locks).await?;
            let agent = agent_of_record(story.txn(), account).await?;
            if agent.as_ref().is_none_or(|agent| locks.holds(agent.id)) {
                return Ok((story, agent));
            }
        }
    }

    /// The account that a token is for, while it is good.
    async fn claimed_account(
        &self,
        conn: &impl ConnectionTrait,
        token: &str,
    ) -> Result<customer::Model, Error> {
        let invalid = || Error::from(Reason::InvalidToken.at("token"));
        let claim = claim::Entity::find_by_id(digest(token)).one(conn).await?;
        let claim = claim
            .filter(|claim| claim.spent_at.is_none() && self.clock.now() < claim.expires_at)
            .ok_or_else(invalid)?;
        let account = customer::Entity::find_by_id(claim.customer_id)
            .one(conn)
            .await?;
        account
            .filter(|account| account.status != CustomerStatus::Closed)
            .ok_or_else(invalid)
    }
}

impl Story {
    /// One of the agent's own customers; a foreign one is as good as none.
    async fn own_customer(
        &self,
        agent: &agent::Model,
        customer: CustomerId,
    ) -> Result<(customer::Model, affiliation::Model), Error> {
        let missing = || Refusal::not_found("customer").at("customerId");
        let affiliation = open_affiliation(self.txn(), customer)
            .await?
            .filter(|affiliation| affiliation.agent_id == agent.id)
            .ok_or_else(missing)?;
        let account = customer::Entity::find_by_id(customer)
            .one(self.txn())
            .await?
            .ok_or_else(missing)?;
        Ok((account, affiliation))
    }
}

/// A new agent's link gives its own login a password, and is no way to another address.
fn must_be_own(login: &login::Model, email: &Email) -> Result<(), Refusal> {
    if login.email_key == email.key() {
        Ok(())
    } else {
        Err(Refusal::invalid(
            "email",
            "`email` must be the address of the application.",
        ))
    }
}
