//! Plans: monthly fees that run.

use async_graphql::{Context, Enum, ID, Object, Result};
use entity::plan;

use super::loaders::must;
use super::nodes::{Plan, Product};
use super::scalars::DateTime;

/// Whether a fee runs.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "plan::PlanState")]
pub enum PlanState {
    /// It runs.
    Active,
    /// Could not be paid; retried daily until it is paid, or an operator or the customer ends it.
    PastDue,
    /// Ended. What was paid stays paid.
    Cancelled,
}

/// A monthly fee that runs for a customer. The customer sees it, its agent, and operators.
#[Object]
impl Plan {
    /// The global id, `pln_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What is paid for; also when it is no longer on the price list.
    async fn product(&self, ctx: &Context<'_>) -> Result<Product> {
        Ok(Product(must(ctx, self.0.product_id).await?))
    }

    /// Whether it runs.
    async fn state(&self) -> PlanState {
        self.0.state.into()
    }

    /// When the first fee was charged: the others follow by the month.
    async fn started_at(&self) -> DateTime {
        self.0.started_at.into()
    }

    /// When the next fee is charged, or tried again. Null once cancelled.
    async fn next_charge_at(&self) -> Option<DateTime> {
        self.0.next_attempt_at.map(DateTime)
    }
}
