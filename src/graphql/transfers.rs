//! Transfers: funds from agents to their customers.

use async_graphql::{Context, ID, Object, Result};

use super::context::sight;
use super::error::{Answer, maybe};
use super::loaders::{find, must};
use super::nodes::{AgentProfile, Customer, Transfer};
use super::scalars::{DateTime, Money};
use crate::Error;

/// Funds from an agent to one of its customers. The agent sees it, the customer, an agent that manages the customer, and
/// operators; what of the agent's money it was made of only the agent and operators.
#[Object]
impl Transfer {
    /// The global id, `trf_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Who gave it.
    async fn agent(&self, ctx: &Context<'_>) -> Result<AgentProfile> {
        Ok(AgentProfile(must(ctx, self.0.agent_id).await?))
    }

    /// Who got it. Null to an agent whose customer it no longer is.
    async fn customer(&self, ctx: &Context<'_>) -> Answer<Customer> {
        maybe(async {
            let seen = sight(ctx).relation(ctx, self.0.customer_id).await?.sees();
            Ok(find(ctx, self.0.customer_id)
                .await?
                .filter(|_| seen)
                .map(Customer::from))
        })
        .await
    }

    /// How much.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }

    /// The part of the agent's own funds, which are spent first. To the customer an error, FORBIDDEN.
    #[graphql(name = "fromFunding")]
    fn funding_part(&self, ctx: &Context<'_>) -> Result<Money> {
        self.agents_own(ctx, self.0.from_funding)
    }

    /// The part of the agent's commission. To the customer an error, FORBIDDEN.
    #[graphql(name = "fromCommission")]
    fn commission_part(&self, ctx: &Context<'_>) -> Result<Money> {
        self.agents_own(ctx, self.0.from_commission)
    }

    /// How much of it an operator took back.
    async fn reversed(&self) -> Money {
        self.0.reversed.into()
    }

    /// What the agent wrote to the customer.
    async fn memo(&self) -> Option<&str> {
        self.0.memo.as_ref().map(entity::Name::as_str)
    }

    /// When it was given.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
}

impl Transfer {
    fn agents_own(&self, ctx: &Context<'_>, amount: entity::Money) -> Result<Money> {
        if sight(ctx).is_agent(self.0.agent_id) {
            Ok(amount.into())
        } else {
            Err(Error::Forbidden.into())
        }
    }
}
