//! Another commission rate, from now or later on (R44, E06).

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use entity::agent::AgentStatus;
use entity::{AgentId, Percent, Prose, agent, commission_rate};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::Registry;
use super::people::agent_by_id;
use super::story::Locks;
use crate::Error;
use crate::program::{Noted, Reason, rates};
use crate::store::audit::Act;

impl Registry {
    /// An operator sets an agent's rate, from now on if no instant is named. What was earned before stays as it is, and a
    /// rate that is set for later stays set; one set for that very instant is replaced.
    ///
    /// # Errors
    /// `CommissionRateOutOfRange` at `commissionRate`; `NotFound` at `agentId`; `IllegalState` for a closed agent;
    /// `EffectiveInPast` at `effectiveFrom`.
    pub async fn set_commission_rate(
        &self,
        act: &Act,
        agent: AgentId,
        percent: Percent,
        effective_from: Option<DateTime<Utc>>,
        reason: Prose,
    ) -> Result<agent::Model, Error> {
        let rate = rates::assigned(percent)?;
        let agent = agent_by_id(self.db.reader(), agent).await?;
        let mut story = self.begin(&Locks::default().agent(&agent)).await?;
        let agent = agent_by_id(story.txn(), agent.id).await?;
        if agent.status == AgentStatus::Closed {
            return Err(Reason::IllegalState(agent.status.to_string())
                .at("agentId")
                .into());
        }
        let so_far = commission_rate::Entity::find()
            .filter(commission_rate::Column::AgentId.eq(agent.id))
            .all(story.txn())
            .await?;
        let asked = effective_from.map(|instant| instant.trunc_subsecs(6));
        let new = commission_rate::Model {
            agent_id: agent.id,
            effective_from: rates::effective_from(asked, &so_far, story.now)?,
            commission_rate: rate,
            reason: reason.clone(),
            set_by: Some(act.by),
            created_at: story.now,
        };
        let key = [
            commission_rate::Column::AgentId,
            commission_rate::Column::EffectiveFrom,
        ];
        let replaced = [
            commission_rate::Column::CommissionRate,
            commission_rate::Column::Reason,
            commission_rate::Column::SetBy,
            commission_rate::Column::CreatedAt,
        ];
        let from = new.effective_from;
        commission_rate::Entity::insert(new.into_active_model())
            .on_conflict(OnConflict::columns(key).update_columns(replaced).to_owned())
            .exec_without_returning(story.txn())
            .await?;
        story.rate_event(&agent, rate).await?;
        let from = from.to_rfc3339_opts(SecondsFormat::Millis, true);
        let noted = Noted::about(agent.id).says(format!("{rate}% from {from}: {reason}"));
        story.note(act, noted).await?;
        story.commit(&self.db).await?;
        Ok(agent)
    }
}
