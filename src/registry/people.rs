//! Logins, telephone accounts and affiliations: what several stories make and look up.

use chrono::{DateTime, Utc};
use entity::customer::{self, CustomerStatus, Management};
use entity::{
    AccountNumber, AffiliationId, AgentId, AgentNumber, CustomerId, Email, LoginId, Name, TypedId,
    affiliation, agent, login,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    SelectExt, Set, TryInsertResult,
};
use uuid::Uuid;

use super::story::Story;
use crate::Error;
use crate::program::affiliations::NamedAgent;
use crate::program::{Reason, Refusal};

/// A login to be.
pub(super) struct NewLogin {
    pub(super) email: Email,
    pub(super) name: Name,
    pub(super) password_hash: Option<String>,
    pub(super) operator: bool,
}

/// A telephone account to be.
pub(super) struct NewAccount {
    pub(super) login: Option<LoginId>,
    pub(super) name: Name,
    pub(super) email: Option<Email>,
    pub(super) status: CustomerStatus,
    pub(super) management: Management,
}

impl NewAccount {
    /// An account whose holder has the login.
    pub(super) fn of(login: &login::Model) -> Self {
        Self {
            login: Some(login.id),
            name: login.name.clone(),
            email: Some(login.email.clone()),
            status: CustomerStatus::Active,
            management: Management::Own,
        }
    }
}

/// How a customer comes to its agent: from now on.
pub(super) fn affiliation(
    customer: &customer::Model,
    agent: AgentId,
    named: &NamedAgent,
    now: DateTime<Utc>,
) -> affiliation::Model {
    affiliation::Model {
        id: AffiliationId::from_uuid(Uuid::now_v7()),
        customer_id: customer.id,
        agent_id: agent,
        method: named.method,
        typed_number: named.typed.clone(),
        link_number: named.link.clone(),
        since: now,
        until: None,
        customer_joined_at: customer.joined_at,
    }
}

impl Story {
    /// A new login, or `None` where there is one with this e-mail address.
    pub(super) async fn add_login(&self, new: NewLogin) -> Result<Option<login::Model>, Error> {
        let login = login::Model {
            id: LoginId::from_uuid(Uuid::now_v7()),
            email_key: new.email.key(),
            email_person: new.email.person(),
            email: new.email,
            name: new.name,
            password_hash: new.password_hash,
            operator: new.operator,
            created_at: self.now,
        };
        // Not an error that is caught: a failed statement would end the transaction on PostgreSQL.
        let inserted = login::Entity::insert(login.clone().into_active_model())
            .on_conflict_do_nothing_on([login::Column::EmailKey])
            .exec_without_returning(self.txn())
            .await?;
        Ok(match inserted {
            TryInsertResult::Inserted(rows) if rows > 0 => Some(login),
            _ => None,
        })
    }

    /// A new telephone account with a number of its own and nothing on it.
    pub(super) async fn add_account(&mut self, new: NewAccount) -> Result<customer::Model, Error> {
        let account = customer::Model {
            id: CustomerId::from_uuid(Uuid::now_v7()),
            number: free_account_number(self.txn()).await?,
            login_id: new.login,
            name: new.name,
            email: new.email,
            status: new.status,
            management: new.management,
            joined_at: self.now,
        };
        customer::Entity::insert(account.clone().into_active_model())
            .exec_without_returning(self.txn())
            .await?;
        self.open_account(account.id).await?;
        Ok(account)
    }

    /// Makes the customer this agent's from now on, and tells the agent.
    pub(super) async fn affiliate(
        &mut self,
        affiliation: affiliation::Model,
        agent: &agent::Model,
    ) -> Result<(), Error> {
        let customer = affiliation.customer_id;
        affiliation::Entity::insert(affiliation.into_active_model())
            .exec_without_returning(self.txn())
            .await?;
        self.customer_event(agent, customer).await
    }

    /// Whatever watches the account looks at its rights again.
    pub(super) async fn save_account(&mut self, account: &customer::Model) -> Result<(), Error> {
        let saved = account.clone().into_active_model().reset_all();
        saved.update(self.txn()).await?;
        self.news.account(account.id);
        Ok(())
    }

    /// Gives a login its password.
    pub(super) async fn set_password(&self, login: LoginId, hash: String) -> Result<(), Error> {
        let saved = login::ActiveModel {
            id: Set(login),
            password_hash: Set(Some(hash)),
            ..Default::default()
        };
        saved.update(self.txn()).await?;
        Ok(())
    }
}

/// The agent with a number.
///
/// # Errors
/// `AgentNumberUnknown` at the field where it was named (E21).
pub(super) async fn agent_named(
    conn: &impl ConnectionTrait,
    named: &NamedAgent,
) -> Result<agent::Model, Error> {
    agent::Entity::find()
        .filter(agent::Column::Number.eq(named.number.clone()))
        .one(conn)
        .await?
        .ok_or_else(|| Reason::AgentNumberUnknown.at(named.field()).into())
}

/// An agent by its id.
pub(super) async fn agent_by_id(
    conn: &impl ConnectionTrait,
    id: AgentId,
) -> Result<agent::Model, Error> {
    let agent = agent::Entity::find_by_id(id).one(conn).await?;
    agent.ok_or_else(|| Refusal::not_found("agent").at("agentId").into())
}

/// A login that must be there, since a row points at it.
pub(super) async fn login_by_id(
    conn: &impl ConnectionTrait,
    id: LoginId,
) -> Result<login::Model, Error> {
    let login = login::Entity::find_by_id(id).one(conn).await?;
    login.ok_or_else(|| Error::Fault(format!("{id} is gone")))
}

/// The login with an e-mail address, in letters of either case.
pub(super) async fn login_by_email(
    conn: &impl ConnectionTrait,
    email: &Email,
) -> Result<Option<login::Model>, Error> {
    Ok(login::Entity::find()
        .filter(login::Column::EmailKey.eq(email.key()))
        .one(conn)
        .await?)
}

/// A login's own telephone account.
pub(super) async fn account_of(
    conn: &impl ConnectionTrait,
    login: LoginId,
) -> Result<Option<customer::Model>, Error> {
    Ok(customer::Entity::find()
        .filter(customer::Column::LoginId.eq(login))
        .one(conn)
        .await?)
}

/// A customer's time with its agent of record, if it has one.
pub(super) async fn open_affiliation(
    conn: &impl ConnectionTrait,
    customer: CustomerId,
) -> Result<Option<affiliation::Model>, Error> {
    Ok(affiliation::Entity::find()
        .filter(affiliation::Column::CustomerId.eq(customer))
        .filter(affiliation::Column::Until.is_null())
        .one(conn)
        .await?)
}

/// Whether a customer has, or had, an agent.
pub(super) async fn was_affiliated(
    conn: &impl ConnectionTrait,
    customer: CustomerId,
) -> Result<bool, Error> {
    Ok(affiliation::Entity::find()
        .filter(affiliation::Column::CustomerId.eq(customer))
        .exists(conn)
        .await?)
}

/// An Agent ID that nobody has. Looked for first: an insert that fails would end the transaction.
pub(super) async fn free_agent_number(conn: &impl ConnectionTrait) -> Result<AgentNumber, Error> {
    loop {
        let number = AgentNumber::nth(rand::random());
        let taken = agent::Entity::find()
            .filter(agent::Column::Number.eq(number.clone()))
            .exists(conn)
            .await?;
        if !taken {
            return Ok(number);
        }
    }
}

async fn free_account_number(conn: &impl ConnectionTrait) -> Result<AccountNumber, Error> {
    loop {
        let number = AccountNumber::nth(rand::random());
        let taken = customer::Entity::find()
            .filter(customer::Column::Number.eq(number.clone()))
            .exists(conn)
            .await?;
        if !taken {
            return Ok(number);
        }
    }
}
