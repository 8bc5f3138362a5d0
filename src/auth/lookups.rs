//! Who a session or a machine's key is of, read for many at once.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{AgentId, CustomerId, LoginId, SessionId, agent, api_key, customer, login, session};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    QuerySelect,
};

use super::Person;
use super::together::Register;
use crate::store::{Db, bulk};

/// A session with what its login is, by one statement.
#[derive(Clone, FromQueryResult)]
pub(super) struct Found {
    session: SessionId,
    pub(super) login: LoginId,
    pub(super) expires_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    operator: bool,
    agent: Option<AgentId>,
    customer: Option<CustomerId>,
}

impl Found {
    pub(super) fn runs(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }

    pub(super) fn person(self, access_expires_at: DateTime<Utc>) -> Person {
        Person {
            login: self.login,
            session: self.session,
            session_expires_at: self.expires_at,
            access_expires_at,
            operator: self.operator,
            agent: self.agent,
            customer: self.customer,
        }
    }
}

/// Sessions, with who their logins are.
pub(super) struct Sessions(pub Db);

impl Register for Sessions {
    type Key = SessionId;
    type Row = Found;

    async fn read(&self, ids: &[SessionId]) -> Result<HashMap<SessionId, Found>, DbErr> {
        let found = find_all(self.0.reader(), ids).await?;
        let found = found.into_iter().map(|found| (found.session, found));
        Ok(found.collect())
    }
}

pub(super) async fn find(
    conn: &impl ConnectionTrait,
    session: SessionId,
) -> Result<Option<Found>, DbErr> {
    Ok(find_all(conn, &[session]).await?.pop())
}

async fn find_all(
    conn: &impl ConnectionTrait,
    sessions: &[SessionId],
) -> Result<Vec<Found>, DbErr> {
    let login = session::Entity::belongs_to(login::Entity)
        .from(session::Column::LoginId)
        .to(login::Column::Id);
    let agent = login::Entity::belongs_to(agent::Entity)
        .from(login::Column::Id)
        .to(agent::Column::LoginId);
    let customer = login::Entity::belongs_to(customer::Entity)
        .from(login::Column::Id)
        .to(customer::Column::LoginId);
    bulk::among::<session::Entity, _>(conn, session::Column::Id, sessions)?
        .select_only()
        .column_as(session::Column::Id, "session")
        .column_as(session::Column::ExpiresAt, "expires_at")
        .column_as(session::Column::EndedAt, "ended_at")
        .column_as(login::Column::Id, "login")
        .column_as(login::Column::Operator, "operator")
        .column_as(agent::Column::Id, "agent")
        .column_as(customer::Column::Id, "customer")
        .join(JoinType::InnerJoin, login.into())
        .join(JoinType::LeftJoin, agent.into())
        .join(JoinType::LeftJoin, customer.into())
        .into_model()
        .all(conn)
        .await
}

/// The keys that are good, by the digests of their secrets.
pub(super) struct Keys(pub Db);

impl Register for Keys {
    type Key = String;
    type Row = api_key::Model;

    async fn read(&self, digests: &[String]) -> Result<HashMap<String, api_key::Model>, DbErr> {
        let conn = self.0.reader();
        let keys = bulk::among::<api_key::Entity, _>(conn, api_key::Column::Hash, digests)?
            .filter(api_key::Column::RevokedAt.is_null())
            .all(conn)
            .await?;
        Ok(keys
            .into_iter()
            .map(|key| (key.hash.clone(), key))
            .collect())
    }
}
