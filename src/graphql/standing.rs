//! Agents' standing: since when each is what it is, and why (E22, E23).

use async_graphql::{Context, Enum, Object};
use entity::{agent, agent_standing};

use super::context::sight;
use super::error::{Answer, maybe};
use super::loaders::find;
use super::nodes::{Transaction, User};
use super::scalars::DateTime;

/// Whether an agent earns.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "agent::AgentStatus")]
pub enum AgentStatus {
    /// Earns.
    Active,
    /// Earns into `held` until an operator decides.
    Suspended,
    /// Earns nothing. Final.
    Closed,
}

/// What an operator decided about an agent.
pub struct AgentStanding {
    row: agent_standing::Model,
    until: Option<chrono::DateTime<chrono::Utc>>,
}

impl AgentStanding {
    /// All of an agent's, from the oldest to the newest, as they are shown: the newest first.
    #[must_use]
    pub fn all(rows: Vec<agent_standing::Model>) -> Vec<Self> {
        let mut until = None;
        let newest_first = rows.into_iter().rev();
        let shown = newest_first.map(|row| Self {
            until: until.replace(row.since),
            row,
        });
        shown.collect()
    }
}

/// What an operator decided about an agent, from one instant to the next.
#[Object]
impl AgentStanding {
    /// What the agent is from then on.
    async fn status(&self) -> AgentStatus {
        self.row.status.into()
    }

    /// From when on, included.
    async fn since(&self) -> DateTime {
        self.row.since.into()
    }

    /// When the next one began. Null for the newest.
    async fn until(&self) -> Option<DateTime> {
        self.until.map(DateTime)
    }

    /// Why, as the operator put it.
    async fn reason(&self) -> &str {
        self.row.reason.as_str()
    }

    /// What it moved: `COMMISSION_RELEASED` where the agent was reinstated, `COMMISSION_FORFEITED` where it was closed. Null
    /// where nothing was held.
    async fn transaction(&self, ctx: &Context<'_>) -> Answer<Transaction> {
        maybe(async {
            match self.row.transaction_id {
                Some(id) => Ok(find(ctx, id).await?.map(Transaction)),
                None => Ok(None),
            }
        })
        .await
    }

    /// Which operator decided so. Null to the agent.
    async fn set_by(&self, ctx: &Context<'_>) -> Answer<User> {
        maybe(async {
            if !sight(ctx).login(self.row.set_by) {
                return Ok(None);
            }
            Ok(find(ctx, self.row.set_by).await?.map(User))
        })
        .await
    }
}
