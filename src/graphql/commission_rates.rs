//! The periods of an agent's rates.

use async_graphql::{Context, Object};
use entity::{AgentId, commission_rate};

use super::context::sight;
use super::error::{Answer, maybe};
use super::loaders::{RatesOf, find};
use super::nodes::User;
use super::scalars::{DateTime, Percent};
use crate::Error;

/// A rate from one instant to the next.
pub struct CommissionRatePeriod {
    row: commission_rate::Model,
    to: Option<chrono::DateTime<chrono::Utc>>,
}

impl CommissionRatePeriod {
    /// The one in force at an instant.
    ///
    /// # Errors
    /// The database's.
    pub async fn at(
        ctx: &Context<'_>,
        agent: AgentId,
        at: chrono::DateTime<chrono::Utc>,
    ) -> Result<Option<Self>, Error> {
        let rates = find(ctx, RatesOf(agent)).await?.unwrap_or_default();
        let mut periods = Self::all(rates).into_iter();
        Ok(periods.find(|period| period.row.effective_from <= at))
    }

    /// All of an agent's, by its rates: the newest first.
    #[must_use]
    pub fn all(rates: Vec<commission_rate::Model>) -> Vec<Self> {
        let mut until = None;
        let periods = rates.into_iter().map(|row| {
            let to = until.replace(row.effective_from);
            Self { row, to }
        });
        periods.collect()
    }
}

/// A rate from one instant to the next.
#[Object]
impl CommissionRatePeriod {
    /// The rate.
    async fn commission_rate(&self) -> Percent {
        self.row.commission_rate.percent().into()
    }

    /// From when on it is in force, included.
    async fn effective_from(&self) -> DateTime {
        self.row.effective_from.into()
    }

    /// When the next one begins. Null for the newest.
    async fn effective_to(&self) -> Option<DateTime> {
        self.to.map(DateTime)
    }

    /// Why, as the operator put it.
    async fn reason(&self) -> &str {
        self.row.reason.as_str()
    }

    /// Which operator set it. Null to the agent.
    async fn set_by(&self, ctx: &Context<'_>) -> Answer<User> {
        maybe(async {
            match self.row.set_by {
                Some(id) if sight(ctx).login(id) => Ok(find(ctx, id).await?.map(User)),
                _ => Ok(None),
            }
        })
        .await
    }
}
