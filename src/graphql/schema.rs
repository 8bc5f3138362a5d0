//! The whole of it: the roots, and the one way in.

use std::sync::Arc;

use async_graphql::{
    MergedObject, MergedSubscription, Request, Response, SDLExportOptions, Schema, ValidationMode,
};
use futures_util::{Stream, StreamExt};

use super::agents::AgentQuery;
use super::applications::ApplicationQuery;
use super::audit_log::AuditLogQuery;
use super::catalogue::CatalogueQuery;
use super::context::{Services, equip};
use super::customers::CustomerQuery;
use super::fault;
use super::fraud::FraudQuery;
use super::ledger_check::LedgerCheckQuery;
use super::machines::MachineQuery;
use super::mutations::{
    AdjustmentMutation, ApplicationMutation, AssigningMutation, BonusMutation, CatalogueMutation,
    FraudMutation, MachineMutation, PayoutDecisionMutation, PayoutMutation, PayoutQuoteQuery,
    PromoMutation, PurchaseMutation, RateMutation, RecordingMutation, RefundMutation,
    SessionMutation, SignUpMutation, StandingMutation, TopUpMutation, TransferMutation,
};
use super::payouts::PayoutQuery;
use super::people::PeopleQuery;
use super::program::ProgramQuery;
use super::proposals::ProposalQuery;
use super::rate_preview::RatePreviewQuery;
use super::refetch::NodeQuery;
use super::reports::ReportQuery;
use super::statements::StatementQuery;
use super::subscriptions::{AccountSubscription, AgentSubscription, DeskSubscription};
use super::transactions::TransactionQuery;
use crate::auth::Actor;

/// What can be read.
#[derive(MergedObject, Default)]
pub struct Query(
    ProgramQuery,
    PeopleQuery,
    NodeQuery,
    CustomerQuery,
    AgentQuery,
    ApplicationQuery,
    CatalogueQuery,
    TransactionQuery,
    PayoutQuery,
    MachineQuery,
    LedgerCheckQuery,
    PayoutQuoteQuery,
    ReportQuery,
    RatePreviewQuery,
    StatementQuery,
    ProposalQuery,
    FraudQuery,
    AuditLogQuery,
);

/// What can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(
    SignUpMutation,
    SessionMutation,
    ApplicationMutation,
    RateMutation,
    CatalogueMutation,
    MachineMutation,
    FraudMutation,
    TopUpMutation,
    TransferMutation,
    PromoMutation,
    AdjustmentMutation,
    PurchaseMutation,
    RecordingMutation,
    RefundMutation,
    PayoutMutation,
    PayoutDecisionMutation,
    StandingMutation,
    AssigningMutation,
    BonusMutation,
);

/// What can be followed.
#[derive(MergedSubscription, Default)]
pub struct Subscription(AgentSubscription, AccountSubscription, DeskSubscription);

/// The schema and the floors below it. The only way in, so that every error passes `fault`. A clone is the same one.
#[derive(Clone)]
pub struct Api {
    schema: Schema<Query, Mutation, Subscription>,
    services: Arc<Services>,
}

impl Api {
    /// The schema over these floors.
    #[must_use]
    pub fn new(services: Services) -> Self {
        Self {
            schema: schema(),
            services: Arc::new(services),
        }
    }

    /// The floors below.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Answers a query or a mutation. It goes on in a task of its own, so that it happens whole or not at all when the
    /// client goes away; a panic is one masked error.
    pub async fn execute(&self, request: Request, actor: Actor, request_id: &str) -> Response {
        let schema = self.schema.clone();
        let request = equip(request, &self.services, actor);
        let running = tokio::spawn(async move { schema.execute(request).await });
        let response = running
            .await
            .unwrap_or_else(|panic| broken(&panic.to_string()));
        fault::finish(response, request_id)
    }

    /// Answers a subscription, or a query or mutation as a stream of one.
    pub fn execute_stream(
        &self,
        request: Request,
        actor: Actor,
        request_id: String,
    ) -> impl Stream<Item = Response> + Send + use<> {
        let request = equip(request, &self.services, actor);
        let answers = self.schema.execute_stream(request);
        std::panic::AssertUnwindSafe(answers)
            .catch_unwind()
            .map(move |answer| {
                let answer = answer.unwrap_or_else(|_| broken("panic"));
                fault::finish(answer, &request_id)
            })
    }
}

/// A panic, as the fault that it is.
fn broken(cause: &str) -> Response {
    let error = crate::Error::Fault(cause.to_owned());
    let error = async_graphql::Error::from(error);
    Response::from_errors(vec![error.into_server_error(async_graphql::Pos::default())])
}

/// Without the library's own limits and validation: `http::documents` judges documents before they come here.
fn schema() -> Schema<Query, Mutation, Subscription> {
    Schema::build(
        Query::default(),
        Mutation::default(),
        Subscription::default(),
    )
    .validation_mode(ValidationMode::Fast)
    .finish()
}

/// The schema as clients get it: sorted, and without the directives that the specification has anyway.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items();
    without_directives(&schema().sdl_with_options(options))
}

/// Leaves out the definitions of directives, with what describes them. This schema has none of its own.
fn without_directives(sdl: &str) -> String {
    let mut kept = String::with_capacity(sdl.len());
    let mut description = String::new();
    let mut inside = false;
    for line in sdl.lines() {
        let quotes = line == "\"\"\"";
        if quotes || inside {
            inside ^= quotes;
            description.push_str(line);
            description.push('\n');
            continue;
        }
        let described = std::mem::take(&mut description);
        if !line.starts_with("directive @") {
            kept.push_str(&described);
            kept.push_str(line);
            kept.push('\n');
        }
    }
    let mut text = kept.trim().to_owned();
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    text.push('\n');
    text
}
