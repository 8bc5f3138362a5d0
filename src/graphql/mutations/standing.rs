//! An agent is suspended, reinstated, closed.

use async_graphql::{Context, ID, InputObject, Object};
use entity::{AgentId, LoginId, Prose};

use super::rates::AgentPayload;
use crate::Error;
use crate::graphql::access::enter;
use crate::graphql::context::noting;
use crate::graphql::error::{Answer, answer};
use crate::graphql::given::{Given, id, text};
use crate::program::{CloseAgent, ReinstateAgent, SuspendAgent};

/// Which agent, and why.
#[derive(InputObject)]
pub struct AgentDecisionInput {
    /// The agent.
    agent_id: Given<ID>,
    /// Why: 1 to 4,000 characters. The agent sees it.
    reason: String,
}

/// Its share of the mutations.
#[derive(Default)]
pub struct StandingMutation;

#[Object]
impl StandingMutation {
    /// Operators: stop an agent until further notice. What its customers pay for from now on it earns into `held`. Meanwhile
    /// it gets no new customers and no payout, transfers nothing, and does not act inside accounts that it manages; it still
    /// sees all that is its own, and its customers are served as ever. Payouts that it asked for before wait for an operator
    /// as they did.
    ///
    /// What counts is when something happened: a call that was answered before, and is reported only now, is not held.
    ///
    /// Refusals: `NOT_FOUND`; `ILLEGAL_STATE` unless it is `ACTIVE`.
    ///
    /// Example: `mutation { suspendAgent(input: {agentId: "agt_…", reason: "Traffic that we look into."}) { agent { status standings { since reason } } userErrors { code } } }`
    async fn suspend_agent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which agent, and why.")] input: AgentDecisionInput,
    ) -> Answer<AgentPayload> {
        answer(async {
            let (operator, agent, reason) = read(ctx, &input)?;
            let ledger = noting(ctx);
            let decided = ledger.run(SuspendAgent {
                operator,
                agent,
                reason,
            });
            Ok::<_, Error>(AgentPayload::of(decided.await?))
        })
        .await
    }

    /// Operators: let a suspended agent go on. What it earned meanwhile is released from `held`, but for what a fraud case
    /// holds.
    ///
    /// Refusals: `NOT_FOUND`; `ILLEGAL_STATE` unless it is `SUSPENDED`.
    ///
    /// Example: `mutation { reinstateAgent(input: {agentId: "agt_…", reason: "All was well."}) { agent { status balance { held commission } } userErrors { code } } }`
    async fn reinstate_agent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which agent, and why.")] input: AgentDecisionInput,
    ) -> Answer<AgentPayload> {
        answer(async {
            let (operator, agent, reason) = read(ctx, &input)?;
            let ledger = noting(ctx);
            let decided = ledger.run(ReinstateAgent {
                operator,
                agent,
                reason,
            });
            Ok::<_, Error>(AgentPayload::of(decided.await?))
        })
        .await
    }

    /// Operators: end an agent for good, whether it is suspended or not. It earns nothing more; what it earned under a
    /// suspension is forfeited; its customers become house customers, at once and all of them. Accounts that it managed nobody
    /// manages until `assignAgent` gives them another agent, and its claim links die. What else it has it may ask to be paid
    /// out, without the minimum.
    ///
    /// Refusals: `NOT_FOUND`; `ILLEGAL_STATE` with the state `CLOSED`, or with `PAYOUTS_OPEN` while payouts are requested or
    /// approved: decide on these first.
    ///
    /// Example: `mutation { closeAgent(input: {agentId: "agt_…", reason: "It gives up its shop."}) { agent { status balance { commission } } userErrors { code ... on StateError { state } } } }`
    async fn close_agent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which agent, and why.")] input: AgentDecisionInput,
    ) -> Answer<AgentPayload> {
        answer(async {
            let (operator, agent, reason) = read(ctx, &input)?;
            let ledger = noting(ctx);
            let decided = ledger.run(CloseAgent {
                operator,
                agent,
                reason,
            });
            Ok::<_, Error>(AgentPayload::of(decided.await?))
        })
        .await
    }
}

fn read(ctx: &Context<'_>, input: &AgentDecisionInput) -> Result<(LoginId, AgentId, Prose), Error> {
    let actor = enter(ctx)?;
    let agent = id::<AgentId>(&input.agent_id, "agentId")?;
    let reason = text("reason", &input.reason, Prose::parse)?;
    Ok((actor.person()?.login, agent, reason))
}
