//! Commission rates.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{AgentId, Prose};

use crate::Error;
use crate::graphql::access::enter;
use crate::graphql::context::{act, services};
use crate::graphql::error::{Answer, Payload, UserError, answer};
use crate::graphql::given::{Given, id, text};
use crate::graphql::nodes::Agent;
use crate::graphql::scalars::{DateTime, Percent};

/// Whose rate, which, and from when on.
#[derive(InputObject)]
pub struct SetCommissionRateInput {
    /// The agent.
    agent_id: Given<ID>,
    /// 1.00 to 10.00.
    commission_rate: Given<Percent>,
    /// Now, if left out.
    effective_from: Option<Given<DateTime>>,
    /// Why: 1 to 4,000 characters. The agent sees it.
    reason: String,
}

/// An agent, or why nothing was changed.
#[derive(SimpleObject)]
pub struct AgentPayload {
    /// The agent as it is now. Null where it was refused.
    agent: Option<Agent>,
    /// Why it was refused; empty where it was done.
    user_errors: Vec<UserError>,
}

impl AgentPayload {
    /// It was done.
    pub(super) fn of(agent: entity::agent::Model) -> Self {
        Self {
            agent: Some(Agent(agent)),
            user_errors: vec![],
        }
    }
}

impl Payload for AgentPayload {
    fn refused(error: UserError, _: bool) -> Self {
        Self {
            agent: None,
            user_errors: vec![error],
        }
    }
}

/// Its share of the mutations.
#[derive(Default)]
pub struct RateMutation;

#[Object]
impl RateMutation {
    /// Operators: set an agent's rate, from now or later on, never backwards. A rate already set for later stays set; one
    /// for the same later instant is replaced.
    ///
    /// Refusals: `NOT_FOUND`, `COMMISSION_RATE_OUT_OF_RANGE`, `EFFECTIVE_IN_PAST`; `ILLEGAL_STATE` for a closed agent.
    ///
    /// Example: `mutation { setCommissionRate(input: {agentId: "agt_…", commissionRate: "4.50", reason: "Good sales"}) { agent { commissionRates { commissionRate effectiveFrom effectiveTo } } userErrors { code field } } }`
    async fn set_commission_rate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose rate, which, and from when on.")] input: SetCommissionRateInput,
    ) -> Answer<AgentPayload> {
        answer(async {
            enter(ctx)?;
            let agent = id::<AgentId>(&input.agent_id, "agentId")?;
            let rate = input.commission_rate.at("commissionRate")?;
            let from = input.effective_from;
            let from = from.map(|from| from.at("effectiveFrom")).transpose()?;
            let reason = text("reason", &input.reason, Prose::parse)?;
            let act = act(ctx)?;
            let registry = &services(ctx).registry;
            let agent = registry.set_commission_rate(&act, agent, rate, from, reason);
            Ok::<_, Error>(AgentPayload::of(agent.await?))
        })
        .await
    }
}
