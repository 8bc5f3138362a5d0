//! Where streams begin.

use entity::{
    AgentId, CustomerId, account_event, agent_balance, agent_event, customer_balance, desk,
    desk_event,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::following::{Events, Floors};
use super::{Followed, Following};
use crate::auth::{Auth, Person};
use crate::program::Refusal;
use crate::store::Db;
use crate::{Clock, Error};

/// Where streams begin. A clone is the same one.
#[derive(Clone, Debug)]
pub struct Live(Floors);

impl Live {
    /// Over the database `db`, for whoever `auth` knows.
    #[must_use]
    pub fn new(db: Db, clock: Clock, auth: Auth) -> Self {
        Self(Floors { db, clock, auth })
    }

    /// What happens to an agent, after the position `after` or from now on.
    ///
    /// # Errors
    /// `Forbidden`; `Unauthenticated` where the session has ended; `NotFound` at `agentId`, for operators;
    /// `CursorExpired` for a position that was never reached; the database's.
    pub async fn agent_events(
        &self,
        person: &Person,
        agent: AgentId,
        after: Option<i64>,
    ) -> Result<Following<agent_event::Entity>, Error> {
        let events = Events {
            all: agent_event::Entity::find().filter(agent_event::Column::AgentId.eq(agent)),
            seq: agent_event::Column::Seq,
            seq_of: |row| row.seq,
        };
        let following = Following::new(&self.0, person, Followed::Agent(agent), events);
        self.begin(following, after).await
    }

    /// What happens to the balance of a telephone account, after the position `after` or from now on.
    ///
    /// # Errors
    /// As [`Live::agent_events`], with `customerId`.
    pub async fn account_events(
        &self,
        person: &Person,
        customer: CustomerId,
        after: Option<i64>,
    ) -> Result<Following<account_event::Entity>, Error> {
        let events = Events {
            all: account_event::Entity::find()
                .filter(account_event::Column::CustomerId.eq(customer)),
            seq: account_event::Column::Seq,
            seq_of: |row| row.seq,
        };
        let following = Following::new(&self.0, person, Followed::Account(customer), events);
        self.begin(following, after).await
    }

    /// What comes onto the operators' desk, after the position `after` or from now on.
    ///
    /// # Errors
    /// As [`Live::agent_events`].
    pub async fn desk_events(
        &self,
        person: &Person,
        after: Option<i64>,
    ) -> Result<Following<desk_event::Entity>, Error> {
        let events = Events {
            all: desk_event::Entity::find(),
            seq: desk_event::Column::Seq,
            seq_of: |row| row.seq,
        };
        let following = Following::new(&self.0, person, Followed::Desk, events);
        self.begin(following, after).await
    }

    async fn begin<E: EntityTrait>(
        &self,
        mut following: Following<E>,
        after: Option<i64>,
    ) -> Result<Following<E>, Error> {
        following.check().await?;
        let newest = self.newest(following.followed).await?;
        let position = after.unwrap_or(newest);
        if !(0..=newest).contains(&position) {
            return Err(Error::CursorExpired);
        }
        Ok(following.goes_on_after(position))
    }

    /// The position of the newest event of a stream: what is in the table up to it can be read.
    async fn newest(&self, followed: Followed) -> Result<i64, Error> {
        let reader = self.0.db.reader();
        let (newest, missing) = match followed {
            Followed::Agent(agent) => {
                let row = agent_balance::Entity::find_by_id(agent).one(reader);
                let missing = Refusal::not_found("agent").at("agentId");
                (row.await?.map(|row| row.event_seq), missing)
            }
            Followed::Account(customer) => {
                let row = customer_balance::Entity::find_by_id(customer).one(reader);
                let missing = Refusal::not_found("customer").at("customerId");
                (row.await?.map(|row| row.event_seq), missing)
            }
            Followed::Desk => {
                let row = desk::Entity::find().one(reader);
                (
                    row.await?.map(|row| row.event_seq),
                    Refusal::not_found("desk"),
                )
            }
        };
        newest.ok_or_else(|| missing.into())
    }
}
