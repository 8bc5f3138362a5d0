//! What a link to a file stands for, and who may follow it.

use chrono::{DateTime, TimeDelta, Utc};
use entity::SessionId;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::{Grouping, Report, Statement};
use crate::auth::Person;

/// How long a link is good for.
pub(super) const GOOD_FOR: TimeDelta = TimeDelta::minutes(10);

/// A file that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sheet {
    Statement(Statement),
    Commissions(Report, Grouping),
    Customers(Report),
    Agents(Report),
}

/// What a link says: which file, for whose session, until when.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Link {
    pub sheet: Sheet,
    pub session: SessionId,
    pub until: DateTime<Utc>,
}

impl Sheet {
    /// Whether somebody may see it, now: what he was when the link was made may have ended.
    pub(super) async fn is_for(
        &self,
        person: &Person,
        conn: &impl ConnectionTrait,
    ) -> Result<bool, DbErr> {
        if person.operator {
            return Ok(true);
        }
        match self {
            Self::Statement(statement) => is_own(statement, person, conn).await,
            Self::Commissions(report, _) | Self::Customers(report) => {
                Ok(report.viewer.is_some() && report.viewer == person.agent)
            }
            Self::Agents(_) => Ok(false),
        }
    }

    /// What the file is called.
    pub(super) fn file_name(&self) -> String {
        let period = |name: &str, period: &crate::program::Period| {
            format!("{name}-{}-{}.csv", period.from, period.to)
        };
        match self {
            Self::Statement(statement) => {
                let month = statement.period.from.format("%Y-%m");
                format!("statement-{month}.csv")
            }
            Self::Commissions(report, _) => period("commissions", &report.period),
            Self::Customers(report) => period("customers", &report.period),
            Self::Agents(report) => period("agents", &report.period),
        }
    }
}

/// His own, or that of a customer that the agent manages.
async fn is_own(
    statement: &Statement,
    person: &Person,
    conn: &impl ConnectionTrait,
) -> Result<bool, DbErr> {
    use entity::{affiliation, customer};
    let owner = statement.owner;
    if owner.agent.is_some() {
        return Ok(owner.agent == person.agent);
    }
    if person.customer == Some(owner.account) {
        return Ok(true);
    }
    let Some(agent) = person.agent else {
        return Ok(false);
    };
    let open = affiliation::Entity::find()
        .filter(affiliation::Column::CustomerId.eq(owner.account))
        .filter(affiliation::Column::AgentId.eq(agent))
        .filter(affiliation::Column::Until.is_null());
    if open.one(conn).await?.is_none() {
        return Ok(false);
    }
    let account = customer::Entity::find_by_id(owner.account)
        .one(conn)
        .await?;
    Ok(account.is_some_and(|account| account.management.is_by_agent()))
}
