//! Commissions: what charges earned, and what was taken back.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use entity::agent::AgentStatus;
use entity::charge::ChargeState;
use entity::{CustomerId, TypedId, charge, commission};

use super::commission_rates::CommissionRatePeriod;
use super::context::{services, sight};
use super::error::{Answer, maybe};
use super::given::Given;
use super::loaders::{StandingsOf, find};
use super::nodes::{Agent, Charge, Commission, Customer, Transaction};
use super::scalars::{DateTime, Decimal, Money, Percent};
use crate::Error;
use crate::program::standing;
use crate::store::commissions::Commissions;

/// Why there is a commission.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "commission::CommissionKind")]
pub enum CommissionKind {
    /// By a charge of one of the agent's customers.
    Earned,
    /// Taken back, with its charge or for fraud. Its `exact` and `amount` are not above zero.
    Clawback,
    /// Given by an operator.
    Bonus,
}

/// What became of a commission.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommissionState {
    /// Credited, and can be spent inside the network; still inside the hold period of payouts.
    Accrued,
    /// Credited; may be paid out.
    Matured,
    /// Earned while the agent was suspended, or under suspicion: kept until an operator decides.
    Held,
    /// Earned under a suspension that ended with the agent's closing: lost.
    Forfeited,
}

/// Which commissions.
#[derive(InputObject, Clone, Debug, Default)]
pub struct CommissionFilter {
    /// Of these kinds. All, if left out or empty.
    kinds: Option<Vec<CommissionKind>>,
    /// On this customer, also when it is no longer the agent's.
    customer_id: Option<Given<ID>>,
    /// Created at or after this instant.
    from: Option<Given<DateTime>>,
    /// Created before this instant.
    to: Option<Given<DateTime>>,
}

impl CommissionFilter {
    /// As the store takes it. An id that is no customer's finds nothing.
    ///
    /// # Errors
    /// [`Error::BadArgument`] for what is no instant.
    pub fn read(self) -> Result<Commissions, Error> {
        let at = |given: Option<Given<DateTime>>, name: &str| {
            given.map(|given| given.argument(name)).transpose()
        };
        let nobody = CustomerId::from_uuid(uuid::Uuid::nil());
        Ok(Commissions {
            kinds: self.kinds.into_iter().flatten().map(Into::into).collect(),
            customer: (self.customer_id).map(|given| given.known().unwrap_or(nobody)),
            from: at(self.from, "filter.from")?,
            to: at(self.to, "filter.to")?,
        })
    }
}

impl Commission {
    /// Whether an open fraud case is about it.
    async fn is_suspect(&self, ctx: &Context<'_>) -> Result<bool, Error> {
        let earned = self.0.kind == commission::CommissionKind::Earned;
        let Some(id) = self.0.charge_id.filter(|_| earned) else {
            return Ok(false);
        };
        let charge: Option<charge::Model> = find(ctx, id).await?;
        Ok(charge.is_some_and(|charge| charge.state == ChargeState::FraudHeld))
    }
}

/// What a charge earned an agent, or what was taken back; a row is never edited. Only the agent and operators see it.
#[Object]
impl Commission {
    /// The global id, `com_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Why there is one.
    async fn kind(&self) -> CommissionKind {
        self.0.kind.into()
    }

    /// What became of it, as of now.
    async fn state(&self, ctx: &Context<'_>) -> async_graphql::Result<CommissionState> {
        if self.is_suspect(ctx).await? {
            return Ok(CommissionState::Held);
        }
        if let Some(suspension) = self.0.suspension_id {
            let standings = find(ctx, StandingsOf(self.0.agent_id)).await?;
            match standing::decided(&standings.unwrap_or_default(), suspension) {
                None | Some(AgentStatus::Suspended) => return Ok(CommissionState::Held),
                Some(AgentStatus::Closed) => return Ok(CommissionState::Forfeited),
                Some(AgentStatus::Active) => {}
            }
        }
        Ok(if self.0.matures_at <= services(ctx).clock.now() {
            CommissionState::Matured
        } else {
            CommissionState::Accrued
        })
    }

    /// Whose it is.
    async fn agent(&self, ctx: &Context<'_>) -> Answer<Agent> {
        maybe(async { Ok(find(ctx, self.0.agent_id).await?.map(Agent)) }).await
    }

    /// Whose charge earned it. Null for a bonus, and to an agent whose customer it no longer is.
    async fn customer(&self, ctx: &Context<'_>) -> Answer<Customer> {
        maybe(async {
            let Some(id) = self.0.customer_id else {
                return Ok(None);
            };
            if !sight(ctx).relation(ctx, id).await?.sees() {
                return Ok(None);
            }
            Ok(find(ctx, id).await?.map(Customer::from))
        })
        .await
    }

    /// What earned it. Null for a bonus.
    async fn charge(&self, ctx: &Context<'_>) -> Answer<Charge> {
        maybe(async {
            let Some(id) = self.0.charge_id else {
                return Ok(None);
            };
            let Some(row) = find(ctx, id).await? else {
                return Ok(None);
            };
            Ok(sight(ctx).charge(ctx, &row).await?.then_some(Charge(row)))
        })
        .await
    }

    /// The commissionable amount: paid, not promotional, in cash.
    async fn base(&self) -> Money {
        self.0.base.into()
    }

    /// The rate in force at `charge.occurredAt`.
    async fn commission_rate(&self) -> Percent {
        self.0.commission_rate.percent().into()
    }

    /// base × rate, before rounding. Negative on a clawback.
    async fn exact(&self) -> Decimal {
        self.0.exact.into()
    }

    /// What was credited: `exact` and the agent's carry, rounded down to 0.0001. The sum of `amount` and the agent's carry
    /// is the sum of `exact`, always.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }

    /// What the agent's commissions before it left below 0.0001: what `exact` was added to.
    async fn carry_before(&self) -> Decimal {
        self.0.carry_before.into()
    }

    /// What this one left below 0.0001, to be added to the next: `carryBefore` + `exact` - `amount`.
    async fn carry_after(&self) -> Decimal {
        self.0.carry_after.into()
    }

    /// The rate's whole period: since when it was in force when the charge happened, until when, and why. Null for a bonus.
    async fn period_in_force(&self, ctx: &Context<'_>) -> Answer<CommissionRatePeriod> {
        maybe(async {
            let Some(id) = self.0.charge_id else {
                return Ok(None);
            };
            let Some(charge) = find::<_, charge::Model>(ctx, id).await? else {
                return Ok(None);
            };
            let at = charge.occurred_at.min(charge.created_at);
            CommissionRatePeriod::at(ctx, self.0.agent_id, at).await
        })
        .await
    }

    /// The sum, to be done again with pencil and paper: how `exact`, `amount` and the carry come of the charge.
    async fn working(&self) -> String {
        let row = &self.0;
        let exact = match row.kind {
            commission::CommissionKind::Bonus => format!("A bonus of {}", row.exact),
            commission::CommissionKind::Earned | commission::CommissionKind::Clawback => format!(
                "{} × {}% = {}",
                row.base,
                row.commission_rate.percent(),
                row.exact
            ),
        };
        format!(
            "{exact}; with {} carried from before {}; posted, rounded down to 0.0001: {}; carried on: {}.",
            row.carry_before,
            row.exact + row.carry_before,
            row.amount,
            row.carry_after
        )
    }

    /// The clawed-back row, on a clawback.
    async fn reverses(&self, ctx: &Context<'_>) -> Answer<Commission> {
        maybe(async {
            match self.0.reverses_id {
                Some(id) => Ok(find(ctx, id).await?.map(Commission)),
                None => Ok(None),
            }
        })
        .await
    }

    /// When it was credited.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// From when on it may be paid out. Spending it inside the network never waits.
    async fn matures_at(&self) -> DateTime {
        self.0.matures_at.into()
    }

    /// The transaction that moved it: that of the charge itself, for what was earned.
    async fn transaction(&self, ctx: &Context<'_>) -> Answer<Transaction> {
        maybe(async { Ok(find(ctx, self.0.transaction_id).await?.map(Transaction)) }).await
    }
}
