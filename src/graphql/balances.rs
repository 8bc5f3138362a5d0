//! What somebody has.

use async_graphql::{Context, Object};
use entity::{Money as Amount, agent, agent_balance, customer_balance};

use super::context::services;
use super::loaders::{AccountMoney, AgentMoney, must, sum};
use super::scalars::{Decimal, Money};
use crate::Error;
use crate::program::AgentFigures;
use crate::store::commissions;

/// An agent's money.
pub struct AgentBalance(pub AgentFigures);

impl AgentBalance {
    /// As it is now.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(ctx: &Context<'_>, agent: &agent::Model) -> Result<Self, Error> {
        figures(ctx, agent).await.map(Self)
    }
}

/// An agent's money as it is now, as the rules know it.
///
/// # Errors
/// The database's.
pub async fn figures(ctx: &Context<'_>, agent: &agent::Model) -> Result<AgentFigures, Error> {
    let services = services(ctx);
    let terms = &services.terms;
    let own: agent_balance::Model = must(ctx, AgentMoney(agent.id)).await?;
    let account: customer_balance::Model = must(ctx, AccountMoney(agent.customer_id)).await?;
    let immature = if terms.payout_hold_days > 0 {
        let now = services.clock.now();
        Amount::from_units(sum(ctx, commissions::immature(agent.id, now)).await?)
    } else {
        Amount::ZERO
    };
    Ok(AgentFigures::of(terms, account.cash, &own, immature))
}

/// An agent's money. What it can spend inside the network is `available`; what it can have paid out is `withdrawable`.
#[Object]
impl AgentBalance {
    /// Topped up: the cash of the agent's own telephone account. Spent before commission.
    async fn funding(&self) -> Money {
        self.0.funding.into()
    }

    /// Earned and credited. Below zero only by clawback.
    async fn commission(&self) -> Money {
        self.0.commission.into()
    }

    /// Earned while suspended or under a fraud case: not to be spent until an operator decides.
    async fn held(&self) -> Money {
        self.0.held.into()
    }

    /// Promised to open payout requests.
    async fn reserved(&self) -> Money {
        self.0.reserved.into()
    }

    /// funding + commission, and not below zero.
    async fn available(&self) -> Money {
        self.0.available().into()
    }

    /// What may be paid out: commission past its hold period and, where `program.fundingWithdrawable`, funding. Not below
    /// zero, and nothing while commission is below zero.
    async fn withdrawable(&self) -> Money {
        self.0.withdrawable.into()
    }

    /// Earned fractions below 0.0001, not yet credited: 0 <= carry < 0.0001.
    async fn carry(&self) -> Decimal {
        self.0.carry.into()
    }
}

/// A telephone account's money.
pub struct CustomerBalance {
    /// Paid in.
    pub cash: Amount,
    /// Given for free.
    pub promo: Amount,
}

/// A telephone account's money. Promotional credit is spent first.
#[Object]
impl CustomerBalance {
    /// Paid in. What is bought with it is commissionable. Below zero only by a call or a charged-back top-up.
    async fn cash(&self) -> Money {
        self.cash.into()
    }

    /// Given for free. Spent first, and earns nobody anything.
    async fn promo(&self) -> Money {
        self.promo.into()
    }

    /// cash + promo, and not below zero.
    async fn available(&self) -> Money {
        (self.cash + self.promo).not_negative().into()
    }
}
