//! The demo world's people: an operator, two agents, and customers of all four ways.

use entity::agent::AgentKind;
use entity::application::{Involvement, MarketScope, PromotionChannel};
use entity::customer::Management;
use entity::{Email, LoginId, Percent, Prose, agent, application, customer};

use super::makers::{Demo, PASSWORD, name};
use crate::Error;
use crate::auth::Origin;
use crate::program::Refusal;
use crate::registry::{NewApplication, NewCustomer, NewPerson};
use crate::store::audit::Act;

/// The token within a claim link.
fn token(link: &str) -> String {
    link.rsplit('=').next().unwrap_or_default().to_owned()
}

pub(super) fn email(text: &str) -> Result<Email, Error> {
    Email::parse(text).map_err(|problem| Error::Fault(format!("{text} {problem}")))
}

pub(super) fn prose(text: &str) -> Result<Prose, Error> {
    Prose::parse(text).map_err(|problem| Error::Fault(format!("{text} {problem}")))
}

fn person(called: &str, address: &str) -> Result<NewPerson, Error> {
    Ok(NewPerson {
        name: name(called)?,
        email: email(address)?,
        password: PASSWORD.to_owned(),
        from: Origin::default(),
    })
}

impl Demo {
    pub(super) async fn add_operator(&self) -> Result<LoginId, Error> {
        let called = name("Olivia Operator")?;
        let address = email("operator@example.com")?;
        let password = PASSWORD.to_owned();
        let login = self
            .registry
            .add_operator(called, address, password)
            .await?;
        Ok(login.id)
    }

    /// Somebody asks to become an agent.
    pub(super) async fn apply(
        &self,
        kind: AgentKind,
        called: &str,
        address: &str,
        business: &str,
    ) -> Result<application::Model, Error> {
        let new = NewApplication {
            kind,
            name: name(called)?,
            email: email(address)?,
            business: prose(business)?,
            plan: prose("To neighbours and friends, and at the weekly market.")?,
            promotion: vec![
                PromotionChannel::WordOfMouth,
                PromotionChannel::InternetAdvertising,
            ],
            promotion_detail: None,
            involvement: vec![Involvement::Setup, Involvement::Support],
            markets: vec![MarketScope::Local, MarketScope::Internet],
            places: Some(prose("Queens and Brooklyn, New York")?),
            projection: [5, 20, 45, 100],
            notes: None,
        };
        self.registry.apply(None, new).await
    }

    /// An applicant is approved and sets its password.
    pub(super) async fn appoint(
        &self,
        operator: LoginId,
        application: &application::Model,
        percent: &str,
    ) -> Result<agent::Model, Error> {
        let percent = Percent::parse(percent);
        let percent = percent.ok_or_else(|| Error::Fault("no percentage".into()))?;
        let act = Act::of_operator(operator, "approveApplication");
        let note = Some(prose("Welcome to the program.")?);
        let approved = self
            .registry
            .approve(&act, application.id, percent, note)
            .await?;
        if let Some(link) = approved.claim_url {
            let address = application.email.clone();
            let password = PASSWORD.to_owned();
            self.registry
                .claim(&token(&link), address, password, &Origin::default())
                .await?;
        }
        Ok(approved.agent)
    }

    /// Ways 1 and 2, and a customer without an agent.
    pub(super) async fn signs_up(
        &self,
        called: &str,
        address: &str,
        typed: Option<&agent::Model>,
        link: Option<&agent::Model>,
    ) -> Result<customer::Model, Error> {
        let typed = typed.map(|agent| agent.number.as_str());
        let link = link.map(|agent| agent.number.as_str());
        let person = person(called, address)?;
        let signed_up = self
            .registry
            .sign_up_with_agent(person, typed, link)
            .await?;
        Ok(signed_up.customer)
    }

    /// Ways 3 and 4; with an address to claim it by, the customer takes its account over.
    pub(super) async fn is_signed_up(
        &self,
        agent: &agent::Model,
        called: &str,
        address: Option<&str>,
        claims: bool,
    ) -> Result<customer::Model, Error> {
        let management = match address {
            Some(_) => Management::PendingHandover,
            None => Management::AgentManaged,
        };
        let new = NewCustomer {
            name: name(called)?,
            email: address.map(email).transpose()?,
            management,
        };
        let act = Act {
            by: agent.login_id,
            operator: false,
            action: "signUpCustomer".into(),
            source: None,
        };
        let (customer, link) = self.registry.sign_up_customer(&act, agent.id, new).await?;
        if let (true, Some(link), Some(address)) = (claims, link, address) {
            let password = PASSWORD.to_owned();
            let token = token(&link);
            self.registry
                .claim(&token, email(address)?, password, &Origin::default())
                .await?;
        }
        Ok(customer)
    }
}

/// A refusal here is a fault of the demo world's own story.
pub(super) fn story(refusal: &Refusal) -> Error {
    Error::Fault(format!("the demo world was refused: {refusal}"))
}
