//! The four ways to become a customer: by Agent ID, by link, by the agent's hand, or without an agent (R16 to R20).

use entity::affiliation::AffiliationMethod;
use entity::customer::{self, CustomerStatus, Management};
use entity::{AgentId, Email, Name};

use super::Registry;
use super::people::{NewAccount, NewLogin, affiliation, agent_by_id, agent_named, login_by_id};
use super::story::Locks;
use crate::Error;
use crate::auth::{Origin, Signed};
use crate::program::affiliations::{self, NamedAgent};
use crate::program::{Noted, Reason, Refusal};
use crate::store::audit::Act;

/// Whoever signs up.
#[derive(Clone, Debug)]
pub struct NewPerson {
    pub name: Name,
    pub email: Email,
    pub password: String,
    /// From where it signs up, and in.
    pub from: Origin,
}

/// Whom an agent signs up.
#[derive(Clone, Debug)]
pub struct NewCustomer {
    pub name: Name,
    /// Where the claim link is to go. Needed to hand over.
    pub email: Option<Email>,
    pub management: Management,
}

/// A new customer, signed in.
#[derive(Debug)]
pub struct SignedUp {
    pub customer: customer::Model,
    pub session: Signed,
}

impl Registry {
    /// Makes a login and a telephone account without an agent, and signs in.
    ///
    /// # Errors
    /// `WeakPassword` at `password`; `EmailTaken` at `email`; `RateLimited`.
    pub async fn sign_up(&self, person: NewPerson) -> Result<SignedUp, Error> {
        self.join(person, None).await
    }

    /// The same, as a customer of the agent that was typed or, where nothing was, whose link was followed (R16, R17,
    /// E21). Where there is neither, without an agent.
    ///
    /// # Errors
    /// `AgentNumberMalformed`, `AgentNumberUnknown`, `AgentNotActive` at `agentNumber` or `linkAgentNumber`;
    /// `SelfReferral` (E18) likewise; `WeakPassword` at `password`; `EmailTaken` at `email`; `RateLimited`.
    pub async fn sign_up_with_agent(
        &self,
        person: NewPerson,
        typed: Option<&str>,
        link: Option<&str>,
    ) -> Result<SignedUp, Error> {
        self.join(person, NamedAgent::at_signup(typed, link)?).await
    }

    async fn join(&self, new: NewPerson, named: Option<NamedAgent>) -> Result<SignedUp, Error> {
        self.auth.newcomer(&new.from)?;
        let mut locks = Locks::default();
        if let Some(named) = &named {
            let agent = agent_named(self.db.reader(), named).await?;
            locks = locks.agent(&agent);
        }
        let password_hash = Some(self.auth.hash(new.password, &new.from).await?);
        let mut story = self.begin(&locks).await?;
        let mut agent = None;
        if let Some(named) = named {
            let found = agent_named(story.txn(), &named).await?;
            affiliations::must_take_customers(&found).map_err(|reason| reason.at(named.field()))?;
            let its_login = login_by_id(story.txn(), found.login_id).await?;
            affiliations::must_be_another(&its_login, None, Some(&new.email))
                .map_err(|reason| reason.at(named.field()))?;
            agent = Some((found, named));
        }
        let login = NewLogin {
            email: new.email,
            name: new.name,
            password_hash,
            operator: false,
        };
        let login = (story.add_login(login).await?).ok_or_else(email_taken)?;
        let customer = story.add_account(NewAccount::of(&login)).await?;
        if let Some((agent, named)) = agent {
            let affiliation = affiliation(&customer, agent.id, &named, story.now);
            story.affiliate(affiliation, &agent).await?;
        }
        let opened = self
            .auth
            .open_session(story.txn(), login.id, &new.from, "signUp")
            .await?;
        story.commit(&self.db).await?;
        let session = self.auth.signed(opened).await?;
        Ok(SignedUp { customer, session })
    }

    /// An agent signs a customer up, to hand over (R18) or to manage (R19). With a link where it is to be handed over:
    /// good for seven days and one use, and shown this once.
    ///
    /// # Errors
    /// `InvalidInput` at `management` or, without an address to hand over to, at `email`; `AgentNotActive`;
    /// `SelfReferral` (E18) at `email`.
    pub async fn sign_up_customer(
        &self,
        act: &Act,
        agent: AgentId,
        new: NewCustomer,
    ) -> Result<(customer::Model, Option<String>), Error> {
        let method = affiliations::way_of(new.management).map_err(|why| why.at("management"))?;
        let to_hand_over = method == AffiliationMethod::AgentHandover;
        if to_hand_over && new.email.is_none() {
            return Err(no_address().into());
        }
        let agent = agent_by_id(self.db.reader(), agent).await?;
        let mut story = self.begin(&Locks::default().agent(&agent)).await?;
        let agent = agent_by_id(story.txn(), agent.id).await?;
        affiliations::must_take_customers(&agent).map_err(Refusal::from)?;
        let its_login = login_by_id(story.txn(), agent.login_id).await?;
        affiliations::must_be_another(&its_login, None, new.email.as_ref())
            .map_err(|reason| reason.at("email"))?;
        let status = if to_hand_over {
            CustomerStatus::Pending
        } else {
            CustomerStatus::Active
        };
        let account = NewAccount {
            login: None,
            name: new.name,
            email: new.email,
            status,
            management: new.management,
        };
        let customer = story.add_account(account).await?;
        let named = NamedAgent {
            number: agent.number.clone(),
            method,
            typed: None,
            link: None,
        };
        let affiliation = affiliation(&customer, agent.id, &named, story.now);
        story.affiliate(affiliation, &agent).await?;
        let link = if to_hand_over {
            let token = story.issue_claim(customer.id).await?;
            Some(self.site.claim_link(&token))
        } else {
            None
        };
        let noted = Noted::about(customer.id).acting_for(customer.id);
        story.note(act, noted).await?;
        story.commit(&self.db).await?;
        Ok((customer, link))
    }
}

pub(super) fn email_taken() -> Error {
    Reason::EmailTaken.at("email").into()
}

/// A claim link needs an address to go to.
pub(super) fn no_address() -> Refusal {
    Refusal::invalid("email", "`email` is needed: the claim link goes to it.")
}
