//! One story's transaction: what it locked, when that was, and who is to be told.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use entity::agent_event::{self, AgentEventKind};
use entity::desk_event::{self, DeskSubject};
use entity::{
    AgentId, AuditEntryId, CommissionRate, CustomerId, TypedId, agent, agent_balance,
    customer_balance, desk,
};
use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, Set};
use uuid::Uuid;

use super::Registry;
use crate::Error;
use crate::program::Noted;
use crate::store::audit::{self, Act};
use crate::store::{Db, News, locks};

/// What a story locks. The order is the program's, whatever the order here.
#[derive(Clone, Debug, Default)]
pub(super) struct Locks {
    agents: BTreeSet<AgentId>,
    accounts: BTreeSet<CustomerId>,
    desk: bool,
}

impl Locks {
    /// An agent and its own telephone account: what an event about it shows.
    pub(super) fn agent(mut self, agent: &agent::Model) -> Self {
        self.agents.insert(agent.id);
        self.accounts.insert(agent.customer_id);
        self
    }

    /// A telephone account.
    pub(super) fn account(mut self, account: CustomerId) -> Self {
        self.accounts.insert(account);
        self
    }

    /// The operators' desk.
    pub(super) fn desk(mut self) -> Self {
        self.desk = true;
        self
    }

    /// Whether an agent is among them.
    pub(super) fn holds(&self, agent: AgentId) -> bool {
        self.agents.contains(&agent)
    }
}

/// A transaction that holds its locks. Dropped, it leaves nothing behind.
pub(super) struct Story {
    txn: DatabaseTransaction,
    /// Read when the locks were held: no later story has an earlier one.
    pub(super) now: DateTime<Utc>,
    agents: BTreeMap<AgentId, agent_balance::Model>,
    accounts: BTreeMap<CustomerId, customer_balance::Model>,
    desk: Option<desk::Model>,
    pub(super) news: News,
}

impl Registry {
    /// Begins a story: locks, then reads the clock.
    pub(super) async fn begin(&self, locks: &Locks) -> Result<Story, Error> {
        let txn = self.db.begin_write().await?;
        let (agents, accounts) = locks::lock_owners(&txn, &locks.agents, &locks.accounts).await?;
        let desk = if locks.desk {
            Some(locks::lock_desk(&txn).await?)
        } else {
            None
        };
        Ok(Story {
            txn,
            now: self.clock.now(),
            agents: agents.into_iter().map(|row| (row.agent_id, row)).collect(),
            accounts: accounts
                .into_iter()
                .map(|row| (row.customer_id, row))
                .collect(),
            desk,
            news: News::default(),
        })
    }
}

impl Story {
    pub(super) fn txn(&self) -> &DatabaseTransaction {
        &self.txn
    }

    /// Whether an account is locked, or new.
    pub(super) fn holds_account(&self, id: CustomerId) -> bool {
        self.accounts.contains_key(&id)
    }

    /// Notes what somebody does, in the audit log.
    pub(super) async fn note(&self, act: &Act, noted: Noted) -> Result<(), Error> {
        let id = AuditEntryId::from_uuid(Uuid::now_v7());
        if let Some(entry) = act.entry(noted, id, self.now) {
            audit::write(&self.txn, entry).await?;
        }
        Ok(())
    }

    /// Commits, then tells.
    pub(super) async fn commit(self, db: &Db) -> Result<(), Error> {
        Ok(db.commit(self.txn, self.news).await?)
    }

    /// A new account's balances: nothing yet, and held by this story as if locked.
    pub(super) async fn open_account(&mut self, id: CustomerId) -> Result<(), Error> {
        let balance = customer_balance::Model {
            customer_id: id,
            cash: entity::Money::ZERO,
            cash_version: 0,
            promo: entity::Money::ZERO,
            promo_version: 0,
            event_seq: 0,
        };
        customer_balance::Entity::insert(balance.clone().into_active_model())
            .exec_without_returning(&self.txn)
            .await?;
        self.accounts.insert(id, balance);
        Ok(())
    }

    /// A new agent's balances, likewise.
    pub(super) async fn open_agent(&mut self, id: AgentId) -> Result<(), Error> {
        let balance = agent_balance::Model {
            agent_id: id,
            commission: entity::Money::ZERO,
            commission_version: 0,
            held: entity::Money::ZERO,
            held_version: 0,
            reserved: entity::Money::ZERO,
            reserved_version: 0,
            carry: entity::Exact::ZERO,
            event_seq: 0,
        };
        agent_balance::Entity::insert(balance.clone().into_active_model())
            .exec_without_returning(&self.txn)
            .await?;
        self.agents.insert(id, balance);
        Ok(())
    }

    /// Tells an agent, whose row and own account are locked, of one of its customers.
    pub(super) async fn customer_event(
        &mut self,
        agent: &agent::Model,
        customer: CustomerId,
    ) -> Result<(), Error> {
        self.agent_event(agent, AgentEventKind::Customer, customer.uuid(), None)
            .await
    }

    /// Tells an agent, whose row and own account are locked, of its rate.
    pub(super) async fn rate_event(
        &mut self,
        agent: &agent::Model,
        rate: CommissionRate,
    ) -> Result<(), Error> {
        let kind = AgentEventKind::CommissionRate;
        self.agent_event(agent, kind, agent.id.uuid(), Some(rate))
            .await
    }

    async fn agent_event(
        &mut self,
        agent: &agent::Model,
        kind: AgentEventKind,
        subject_id: Uuid,
        commission_rate: Option<CommissionRate>,
    ) -> Result<(), Error> {
        let unlocked = || Error::Fault(format!("{} was not locked", agent.id));
        let balance = self.agents.get_mut(&agent.id).ok_or_else(unlocked)?;
        let own = (self.accounts.get(&agent.customer_id)).ok_or_else(unlocked)?;
        balance.event_seq += 1;
        let event = agent_event::Model {
            agent_id: agent.id,
            seq: balance.event_seq,
            kind,
            subject_id,
            transaction_id: None,
            commission_rate,
            payout_state: None,
            occurred_at: self.now,
            funding: own.cash,
            commission: balance.commission,
            held: balance.held,
            reserved: balance.reserved,
            carry: balance.carry,
        };
        let position = agent_balance::ActiveModel {
            agent_id: Set(agent.id),
            event_seq: Set(balance.event_seq),
            ..Default::default()
        };
        position.update(&self.txn).await?;
        agent_event::Entity::insert(event.into_active_model())
            .exec_without_returning(&self.txn)
            .await?;
        self.news.agent(agent.id);
        Ok(())
    }

    /// Puts something on the operators' desk, which is locked.
    pub(super) async fn desk_event(
        &mut self,
        subject: DeskSubject,
        subject_id: Uuid,
    ) -> Result<(), Error> {
        let unlocked = || Error::Fault("the desk was not locked".into());
        let desk = self.desk.as_mut().ok_or_else(unlocked)?;
        desk.event_seq += 1;
        let event = desk_event::Model {
            seq: desk.event_seq,
            subject,
            subject_id,
            occurred_at: self.now,
        };
        let position = desk::ActiveModel {
            id: Set(desk.id),
            event_seq: Set(desk.event_seq),
        };
        position.update(&self.txn).await?;
        desk_event::Entity::insert(event.into_active_model())
            .exec_without_returning(&self.txn)
            .await?;
        self.news.desk();
        Ok(())
    }
}
