//! Applications: requests to become an agent.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use entity::{agent, application};

use super::access::enter;
use super::agents::AgentKind;
use super::connection::{Connection, PageArgs, page};
use super::context::sight;
use super::error::{Answer, maybe};
use super::loaders::{AgentOfApplication, find};
use super::nodes::{Agent, Application};
use super::scalars::DateTime;
use crate::store::applications;

/// Where an application stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "application::ApplicationState")]
pub enum ApplicationState {
    /// Waits for an operator.
    Submitted,
    /// The operator asked something; `response` says what.
    InfoRequested,
    /// It made an agent. Final.
    Approved,
    /// `response` says why. Final.
    Rejected,
    /// Taken back by the applicant. Final.
    Withdrawn,
}

/// By which channels the service is to be promoted.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "application::PromotionChannel")]
pub enum PromotionChannel {
    /// By people who tell others.
    WordOfMouth,
    /// By advertisements on the internet.
    InternetAdvertising,
    /// By sales people.
    SalesPeople,
    /// By advertisements in print.
    NewspaperOrMagazine,
    /// In another way: `promotionDetail` says which.
    Other,
}

/// How far an agent gets involved with its customers.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "application::Involvement")]
pub enum Involvement {
    /// Only a link on its website.
    LinkOnly,
    /// Sets their telephones up.
    Setup,
    /// Keeps them running.
    Maintenance,
    /// Answers their questions.
    Support,
}

/// Where an agent means to sell.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "application::MarketScope")]
pub enum MarketScope {
    /// On the internet.
    Internet,
    /// In its town.
    Local,
    /// In its region.
    Regional,
    /// In its country.
    Country,
    /// In several countries.
    MultiCountry,
}

/// How many customers the applicant expects to have.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct CustomerProjection {
    /// After one month.
    one_month: i32,
    /// After three months.
    three_months: i32,
    /// After six months.
    six_months: i32,
    /// After a year.
    one_year: i32,
}

/// A request to become an agent. Operators see it, and the applicant who was signed in when it was sent.
#[Object]
impl Application {
    /// The global id, `app_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Where it stands.
    async fn state(&self) -> ApplicationState {
        self.0.state.into()
    }

    /// A person or a company.
    async fn kind(&self) -> AgentKind {
        self.0.kind.into()
    }

    /// The applicant's name.
    async fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// Where the applicant is reached, and signs in once it is an agent.
    async fn email(&self) -> &str {
        self.0.email.as_str()
    }

    /// The present business.
    async fn business(&self) -> &str {
        self.0.business.as_str()
    }

    /// How the service is to be sold and promoted.
    async fn plan(&self) -> &str {
        self.0.plan.as_str()
    }

    /// By which channels.
    async fn promotion(&self) -> Vec<PromotionChannel> {
        self.0.promotion.0.iter().map(|one| (*one).into()).collect()
    }

    /// More about the channels.
    async fn promotion_detail(&self) -> Option<&str> {
        self.0.promotion_detail.as_ref().map(entity::Prose::as_str)
    }

    /// How far the applicant gets involved with its customers.
    async fn involvement(&self) -> Vec<Involvement> {
        self.0
            .involvement
            .0
            .iter()
            .map(|one| (*one).into())
            .collect()
    }

    /// Where the applicant means to sell.
    async fn markets(&self) -> Vec<MarketScope> {
        self.0.markets.0.iter().map(|one| (*one).into()).collect()
    }

    /// The places by name.
    async fn places(&self) -> Option<&str> {
        self.0.places.as_ref().map(entity::Prose::as_str)
    }

    /// How many customers the applicant expects to have.
    async fn projection(&self) -> CustomerProjection {
        CustomerProjection {
            one_month: self.0.projection_1,
            three_months: self.0.projection_3,
            six_months: self.0.projection_6,
            one_year: self.0.projection_12,
        }
    }

    /// Anything else the applicant wanted to say.
    async fn notes(&self) -> Option<&str> {
        self.0.notes.as_ref().map(entity::Prose::as_str)
    }

    /// When it was sent.
    async fn submitted_at(&self) -> DateTime {
        self.0.submitted_at.into()
    }

    /// When it was approved or rejected.
    async fn decided_at(&self) -> Option<DateTime> {
        self.0.decided_at.map(DateTime)
    }

    /// What the operator asked or answered.
    async fn response(&self) -> Option<&str> {
        self.0.response.as_ref().map(entity::Prose::as_str)
    }

    /// The agent that it made. Null until it is approved, and to others than the agent and operators.
    async fn agent(&self, ctx: &Context<'_>) -> Answer<Agent> {
        maybe(async {
            let row: Option<agent::Model> = find(ctx, AgentOfApplication(self.0.id)).await?;
            Ok(row.filter(|row| sight(ctx).is_agent(row.id)).map(Agent))
        })
        .await
    }
}

/// Its share of the queries.
#[derive(Default)]
pub struct ApplicationQuery;

#[Object]
impl ApplicationQuery {
    /// The queue of applications. Operators only. Newest first.
    ///
    /// Example: `{ applications(state: SUBMITTED) { totalCount nodes { name business plan } } }`
    async fn applications(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many rows from the beginning: 1 to 100, and 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind the one with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end: 1 to 100. Not together with `first`.")]
        last: Option<i32>,
        #[graphql(desc = "Only rows before the one with this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those in this state.")] state: Option<ApplicationState>,
    ) -> Answer<Connection<Application>> {
        maybe(async {
            enter(ctx)?;
            let list = applications::list(state.map(Into::into));
            page(
                ctx,
                &PageArgs::new(first, after, last, before),
                &list,
                Application,
            )
            .await
            .map(Some)
        })
        .await
    }
}
