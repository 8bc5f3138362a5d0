//! Becoming an agent: applying, and the operators' decisions.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{ApplicationId, Email, Name, Prose};

use crate::auth::Actor;
use crate::graphql::access::enter;
use crate::graphql::agents::AgentKind;
use crate::graphql::applications::{Involvement, MarketScope, PromotionChannel};
use crate::graphql::context::{act, origin, services};
use crate::graphql::error::{Answer, Payload, UserError, answer};
use crate::graphql::given::{Given, id, optional_text, text};
use crate::graphql::nodes::{Agent, Application};
use crate::graphql::scalars::Percent;
use crate::program::Refusal;
use crate::registry::NewApplication;

/// What an applicant tells.
#[derive(InputObject)]
pub struct ApplyToProgramInput {
    /// A person or a company.
    kind: AgentKind,
    /// The applicant's name: 1 to 200 characters. Customers will see it.
    name: String,
    /// Where the answer is to go, and the agent's login. One open application for each.
    email: String,
    /// The present business: 1 to 4,000 characters.
    business: String,
    /// How the service is to be sold and promoted: 1 to 4,000 characters.
    plan: String,
    /// By which channels: at least one.
    promotion: Vec<PromotionChannel>,
    /// More about the channels, such as what `OTHER` is.
    promotion_detail: Option<String>,
    /// How far the applicant gets involved with its customers: at least one.
    involvement: Vec<Involvement>,
    /// Where it means to sell: at least one.
    markets: Vec<MarketScope>,
    /// The places by name.
    places: Option<String>,
    /// How many customers it expects to have.
    projection: CustomerProjectionInput,
    /// Anything else.
    notes: Option<String>,
}

/// How many customers the applicant expects to have: not below 0.
#[derive(InputObject)]
pub struct CustomerProjectionInput {
    /// After a month.
    one_month: i32,
    /// After three months.
    three_months: i32,
    /// After six months.
    six_months: i32,
    /// After a year.
    one_year: i32,
}

/// Which application is approved, and at what rate.
#[derive(InputObject)]
pub struct ApproveApplicationInput {
    /// The application.
    application_id: Given<ID>,
    /// 1.00 to 10.00.
    commission_rate: Given<Percent>,
    /// A word to the new agent: the application's `response`.
    note: Option<String>,
}

/// Which application is answered, and how.
#[derive(InputObject)]
pub struct DecideApplicationInput {
    /// The application.
    application_id: Given<ID>,
    /// What the applicant is asked or told: 1 to 4,000 characters.
    response: String,
}

/// An application, or why nothing was changed.
#[derive(SimpleObject)]
pub struct ApplicationPayload {
    /// The application as it is now. Null where it was refused.
    application: Option<Application>,
    /// Why it was refused; empty where it was done.
    user_errors: Vec<UserError>,
}

impl ApplicationPayload {
    fn of(application: entity::application::Model) -> Self {
        Self {
            application: Some(Application(application)),
            user_errors: vec![],
        }
    }
}

impl Payload for ApplicationPayload {
    fn refused(error: UserError, _: bool) -> Self {
        Self {
            application: None,
            user_errors: vec![error],
        }
    }
}

/// A new agent, or why there is none.
#[derive(SimpleObject)]
pub struct ApproveApplicationPayload {
    /// The application as it is now. Null where it was refused.
    application: Option<Application>,
    /// The new agent. Null where it was refused.
    agent: Option<Agent>,
    /// With it the new agent sets its password: shown this once. Null for a login that has one.
    claim_url: Option<String>,
    /// Why it was refused; empty where it was done.
    user_errors: Vec<UserError>,
}

impl Payload for ApproveApplicationPayload {
    fn refused(error: UserError, _: bool) -> Self {
        Self {
            application: None,
            agent: None,
            claim_url: None,
            user_errors: vec![error],
        }
    }
}

fn application(input: ApplyToProgramInput) -> Result<NewApplication, Refusal> {
    let optional = |field, given: Option<&str>| optional_text(field, given, Prose::parse);
    let projection = input.projection;
    Ok(NewApplication {
        kind: input.kind.into(),
        name: text("name", &input.name, Name::parse)?,
        email: text("email", &input.email, Email::parse)?,
        business: text("business", &input.business, Prose::parse)?,
        plan: text("plan", &input.plan, Prose::parse)?,
        promotion: input.promotion.into_iter().map(Into::into).collect(),
        promotion_detail: optional("promotionDetail", input.promotion_detail.as_deref())?,
        involvement: input.involvement.into_iter().map(Into::into).collect(),
        markets: input.markets.into_iter().map(Into::into).collect(),
        places: optional("places", input.places.as_deref())?,
        projection: [
            projection.one_month,
            projection.three_months,
            projection.six_months,
            projection.one_year,
        ],
        notes: optional("notes", input.notes.as_deref())?,
    })
}

/// Its share of the mutations.
#[derive(Default)]
pub struct ApplicationMutation;

#[Object]
impl ApplicationMutation {
    /// Apply to become an agent. Anyone may; one open application for each e-mail address. Where the operator has asked
    /// something, applying again with the same address answers it.
    ///
    /// Refusals: `APPLICATION_OPEN`, `INVALID_INPUT`.
    ///
    /// Example: `mutation { applyToProgram(input: {kind: INDIVIDUAL, name: "Ada", email: "ada@example.com", business: "A shop", plan: "At the counter", promotion: [WORD_OF_MOUTH], involvement: [SUPPORT], markets: [LOCAL], projection: {oneMonth: 5, threeMonths: 15, sixMonths: 40, oneYear: 100}}) { application { id state } userErrors { code field } } }`
    async fn apply_to_program(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the applicant tells.")] input: ApplyToProgramInput,
    ) -> Answer<ApplicationPayload> {
        answer(async {
            // An operator applies for somebody else: the login to be is not its own.
            let login = match enter(ctx)? {
                Actor::Person(person) if !person.operator => Some(person.login),
                _ => None,
            };
            let registry = &services(ctx).registry;
            let application = application(input)?;
            services(ctx).auth.newcomer(&origin(ctx))?;
            let application = registry.apply(login, application).await?;
            Ok(ApplicationPayload::of(application))
        })
        .await
    }

    /// Operators: make the applicant an agent, with its login, its telephone account and its first rate, at once.
    ///
    /// Refusals: `NOT_FOUND`, `COMMISSION_RATE_OUT_OF_RANGE`; `ILLEGAL_STATE` for an application that is decided, or an
    /// applicant who is an agent already.
    ///
    /// Example: `mutation { approveApplication(input: {applicationId: "app_…", commissionRate: "3.00"}) { agent { agentNumber } claimUrl userErrors { code } } }`
    async fn approve_application(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which application, and at what rate.")] input: ApproveApplicationInput,
    ) -> Answer<ApproveApplicationPayload> {
        answer(async {
            enter(ctx)?;
            let application = id::<ApplicationId>(&input.application_id, "applicationId")?;
            let rate = input.commission_rate.at("commissionRate")?;
            let note = optional_text("note", input.note.as_deref(), Prose::parse)?;
            let act = act(ctx)?;
            let registry = &services(ctx).registry;
            let approved = registry.approve(&act, application, rate, note).await?;
            Ok(ApproveApplicationPayload {
                application: Some(Application(approved.application)),
                agent: Some(Agent(approved.agent)),
                claim_url: approved.claim_url,
                user_errors: vec![],
            })
        })
        .await
    }

    /// Operators: turn the applicant down, and say why.
    ///
    /// Refusals: `NOT_FOUND`; `ILLEGAL_STATE` for an application that is decided.
    ///
    /// Example: `mutation { rejectApplication(input: {applicationId: "app_…", response: "Not in this market."}) { application { state } userErrors { code } } }`
    async fn reject_application(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which application, and why.")] input: DecideApplicationInput,
    ) -> Answer<ApplicationPayload> {
        answer(async {
            enter(ctx)?;
            let application = id::<ApplicationId>(&input.application_id, "applicationId")?;
            let response = text("response", &input.response, Prose::parse)?;
            let act = act(ctx)?;
            let registry = &services(ctx).registry;
            let application = registry.reject(&act, application, response).await?;
            Ok(ApplicationPayload::of(application))
        })
        .await
    }

    /// Operators: ask the applicant something. It answers by applying again with the same address.
    ///
    /// Refusals: `NOT_FOUND`; `ILLEGAL_STATE` unless it is `SUBMITTED`.
    ///
    /// Example: `mutation { requestApplicationInfo(input: {applicationId: "app_…", response: "Which towns?"}) { application { state } userErrors { code } } }`
    async fn request_application_info(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which application, and the question.")] input: DecideApplicationInput,
    ) -> Answer<ApplicationPayload> {
        answer(async {
            enter(ctx)?;
            let application = id::<ApplicationId>(&input.application_id, "applicationId")?;
            let question = text("response", &input.response, Prose::parse)?;
            let registry = &services(ctx).registry;
            let act = act(ctx)?;
            let application = registry.request_info(&act, application, question).await?;
            Ok(ApplicationPayload::of(application))
        })
        .await
    }
}
