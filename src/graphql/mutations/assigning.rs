//! Another agent of record.

use async_graphql::{Context, ID, InputObject, Object};
use entity::{AgentId, CustomerId, Prose};

use super::signups::CustomerPayload;
use crate::Error;
use crate::graphql::access::enter;
use crate::graphql::context::{act, services};
use crate::graphql::error::{Answer, answer};
use crate::graphql::given::{Given, id, text};

/// Which customer, whose it is to be, and why.
#[derive(InputObject)]
pub struct AssignAgentInput {
    /// The customer.
    customer_id: Given<ID>,
    /// Its agent of record from now on. Null: none, a house customer.
    agent_id: Option<Given<ID>>,
    /// Why: 1 to 4,000 characters. Operators see it.
    reason: String,
}

/// Its share of the mutations.
#[derive(Default)]
pub struct AssigningMutation;

#[Object]
impl AssigningMutation {
    /// Operators: another agent of record for a customer, or none, from now on. What was earned before stays with who earned
    /// it, and so do the clawbacks of that. The former agent sees the customer no longer, and claim links that it issued die;
    /// an account that nobody holds the login of the new agent manages, or without one nobody. Both agents hear of it.
    ///
    /// Refusals: `NOT_FOUND`, `AGENT_NOT_ACTIVE`, `SELF_REFERRAL`, `AFFILIATION_CYCLE`; `ILLEGAL_STATE` where nothing would
    /// change, with the state `AFFILIATED` or `UNAFFILIATED`.
    ///
    /// Example: `mutation { assignAgent(input: {customerId: "cus_…", agentId: "agt_…", reason: "It moved to Hoboken."}) { customer { agent { displayName } affiliation { method since } } userErrors { code field } } }`
    async fn assign_agent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which customer, whose it is to be, and why.")] input: AssignAgentInput,
    ) -> Answer<CustomerPayload> {
        answer(async {
            enter(ctx)?;
            let customer = id::<CustomerId>(&input.customer_id, "customerId")?;
            let agent = input.agent_id.as_ref();
            let agent = agent.map(|given| id::<AgentId>(given, "agentId"));
            let agent = agent.transpose()?;
            let reason = text("reason", &input.reason, Prose::parse)?;
            let act = act(ctx)?;
            let registry = &services(ctx).registry;
            let assigned = registry.assign_agent(&act, customer, agent, reason);
            Ok::<_, Error>(CustomerPayload::of(assigned.await?))
        })
        .await
    }
}
