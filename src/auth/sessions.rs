//! Signing in and out: sessions, and the refresh tokens that carry them on.

use chrono::{DateTime, Utc};
use entity::{
    AgentId, CustomerId, Email, LoginId, SessionId, TypedId, agent, customer, login, refresh_token,
    session,
};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, FromQueryResult,
    IntoActiveModel, JoinType, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::{Auth, Person, digest, opaque};
use crate::Error;
use crate::program::Reason;
use crate::store::{News, Stream};

/// A session that another story's transaction has opened: [`Auth::signed`] makes tokens of it after the commit.
#[derive(Debug)]
#[must_use = "the session has no tokens until `Auth::signed`"]
pub struct Opened {
    session: SessionId,
    refresh_token: String,
}

/// Tokens, shown this once, and who they are for.
#[derive(Clone, Debug)]
pub struct Signed {
    pub access_token: String,
    pub access_token_expires_at: DateTime<Utc>,
    pub refresh_token: String,
    pub person: Person,
}

/// A session with what its login is, by one statement.
#[derive(FromQueryResult)]
struct Found {
    session: SessionId,
    login: LoginId,
    expires_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    operator: bool,
    agent: Option<AgentId>,
    customer: Option<CustomerId>,
}

impl Auth {
    /// Opens a session with an e-mail address and a password. Takes the same time whether or not there is such an account.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS`; `Overloaded`; the database's.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<Signed, Error> {
        let known = match Email::parse(email) {
            Ok(email) => {
                let with_key = login::Column::EmailKey.eq(email.key());
                let logins = login::Entity::find().filter(with_key);
                logins.one(self.db.reader()).await?
            }
            Err(_) => None,
        };
        let (id, phc) = known.map_or((None, None), |login| (Some(login.id), login.password_hash));
        let matches = self.passwords.matches(password.to_owned(), phc.clone());
        let Some(id) = id.filter(|_| phc.is_some()) else {
            matches.await?;
            return Err(invalid_credentials());
        };
        if !matches.await? {
            return Err(invalid_credentials());
        }
        let txn = self.db.begin_write().await?;
        // The password may have been changed while it was checked: then it is the wrong one.
        let now_phc = lock_login(&txn, id).await?.password_hash;
        if now_phc != phc {
            return Err(invalid_credentials());
        }
        let opened = self.open_session(&txn, id).await?;
        self.db.commit(txn, News::none()).await?;
        self.signed(opened).await
    }

    /// Opens a session within another story's transaction, for a login that this very transaction may have made.
    ///
    /// # Errors
    /// The database's.
    pub async fn open_session(
        &self,
        txn: &DatabaseTransaction,
        login: LoginId,
    ) -> Result<Opened, Error> {
        let now = self.clock.now();
        let row = session::Model {
            id: SessionId::from_uuid(Uuid::now_v7()),
            login_id: login,
            created_at: now,
            expires_at: now + self.session_life,
            ended_at: None,
        };
        let session = row.id;
        session::Entity::insert(row.into_active_model())
            .exec_without_returning(txn)
            .await?;
        let refresh_token = self.issue_refresh_token(txn, session).await?;
        Ok(Opened {
            session,
            refresh_token,
        })
    }

    /// The tokens of a session, once it is committed.
    ///
    /// # Errors
    /// The database's.
    pub async fn signed(&self, opened: Opened) -> Result<Signed, Error> {
        let now = self.clock.now();
        let found = find(self.db.reader(), opened.session).await?;
        let found = found.ok_or_else(|| Error::Fault("a session without a row".into()))?;
        let (access_token, access_token_expires_at) =
            self.tokens
                .issue(found.login, found.session, found.expires_at, now)?;
        Ok(Signed {
            access_token,
            access_token_expires_at,
            refresh_token: opened.refresh_token,
            person: found.person(access_token_expires_at),
        })
    }

    /// Trades a refresh token for a new pair. One that was used before is a stolen one, whoever of the two holds it now:
    /// its session ends.
    ///
    /// # Errors
    /// `INVALID_TOKEN` at `refreshToken`; the database's.
    pub async fn refresh(&self, token: &str) -> Result<Signed, Error> {
        let invalid = || Error::from(Reason::InvalidToken.at("refreshToken"));
        let now = self.clock.now();
        // An unknown one costs a read, and never the lock that money waits for.
        let seen = refresh_token::Entity::find_by_id(digest(token)).one(self.db.reader());
        seen.await?.ok_or_else(invalid)?;
        let txn = self.db.begin_write().await?;
        let tokens = refresh_token::Entity::find_by_id(digest(token)).lock_exclusive();
        let known = tokens.one(&txn).await?.ok_or_else(invalid)?;
        if known.used_at.is_some() {
            let mut news = News::none();
            end_sessions(
                &txn,
                session::Column::Id.eq(known.session_id),
                now,
                &mut news,
            )
            .await?;
            self.db.commit(txn, news).await?;
            return Err(invalid());
        }
        let found = find(&txn, known.session_id).await?;
        found.filter(|found| found.runs(now)).ok_or_else(invalid)?;
        refresh_token::Entity::update_many()
            .col_expr(refresh_token::Column::UsedAt, Expr::value(now))
            .filter(refresh_token::Column::Hash.eq(known.hash))
            .exec(&txn)
            .await?;
        let opened = Opened {
            session: known.session_id,
            refresh_token: self.issue_refresh_token(&txn, known.session_id).await?,
        };
        self.db.commit(txn, News::none()).await?;
        self.signed(opened).await
    }

    /// Ends all sessions of a login, inside another story's transaction.
    ///
    /// # Errors
    /// The database's.
    pub async fn end_sessions_of(
        &self,
        txn: &DatabaseTransaction,
        login: LoginId,
        now: DateTime<Utc>,
        news: &mut News,
    ) -> Result<(), DbErr> {
        end_sessions(txn, session::Column::LoginId.eq(login), now, news).await
    }

    /// Ends a session at once, its open sockets too. One that has ended stays so.
    ///
    /// # Errors
    /// The database's.
    pub async fn sign_out(&self, session: SessionId) -> Result<(), Error> {
        let mut news = News::none();
        let txn = self.db.begin_write().await?;
        let which = session::Column::Id.eq(session);
        end_sessions(&txn, which, self.clock.now(), &mut news).await?;
        Ok(self.db.commit(txn, news).await?)
    }

    /// Sets another password and ends all the login's other sessions; this one goes on with new tokens.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS` at `currentPassword`; `WEAK_PASSWORD` at `newPassword`; `Overloaded`; the database's.
    pub async fn change_password(
        &self,
        person: &Person,
        current: String,
        new: String,
    ) -> Result<Signed, Error> {
        let wrong = || Error::from(Reason::InvalidCredentials.at("currentPassword"));
        let row = login::Entity::find_by_id(person.login)
            .one(self.db.reader())
            .await?;
        let before = row.and_then(|login| login.password_hash);
        if !self.passwords.matches(current, before.clone()).await? {
            return Err(wrong());
        }
        let hash = self.passwords.hash(new, "newPassword").await?;
        let now = self.clock.now();
        let txn = self.db.begin_write().await?;
        if lock_login(&txn, person.login).await?.password_hash != before {
            return Err(wrong());
        }
        login::Entity::update_many()
            .col_expr(login::Column::PasswordHash, Expr::value(hash))
            .filter(login::Column::Id.eq(person.login))
            .exec(&txn)
            .await?;
        let others = session::Column::LoginId
            .eq(person.login)
            .and(session::Column::Id.ne(person.session));
        let mut news = News::none();
        end_sessions(&txn, others, now, &mut news).await?;
        // Whoever had copied this session's refresh token has lost it, too.
        refresh_token::Entity::update_many()
            .col_expr(refresh_token::Column::UsedAt, Expr::value(now))
            .filter(refresh_token::Column::SessionId.eq(person.session))
            .filter(refresh_token::Column::UsedAt.is_null())
            .exec(&txn)
            .await?;
        let opened = Opened {
            session: person.session,
            refresh_token: self.issue_refresh_token(&txn, person.session).await?,
        };
        self.db.commit(txn, news).await?;
        self.signed(opened).await
    }

    /// Who a session is of, as the database says now; `None` when it has ended.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn person(
        &self,
        session: SessionId,
        access_expires_at: DateTime<Utc>,
    ) -> Result<Option<Person>, Error> {
        let now = self.clock.now();
        let found = find(self.db.reader(), session).await?;
        let running = found.filter(|found| found.runs(now));
        Ok(running.map(|found| found.person(access_expires_at)))
    }

    async fn issue_refresh_token(
        &self,
        txn: &DatabaseTransaction,
        session: SessionId,
    ) -> Result<String, Error> {
        let (token, hash) = opaque("agr");
        let row = refresh_token::Model {
            hash,
            session_id: session,
            issued_at: self.clock.now(),
            used_at: None,
        };
        refresh_token::Entity::insert(row.into_active_model())
            .exec_without_returning(txn)
            .await?;
        Ok(token)
    }
}

impl Found {
    fn runs(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }

    fn person(self, access_expires_at: DateTime<Utc>) -> Person {
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

async fn find(conn: &impl ConnectionTrait, session: SessionId) -> Result<Option<Found>, DbErr> {
    let login = session::Entity::belongs_to(login::Entity)
        .from(session::Column::LoginId)
        .to(login::Column::Id);
    let agent = login::Entity::belongs_to(agent::Entity)
        .from(login::Column::Id)
        .to(agent::Column::LoginId);
    let customer = login::Entity::belongs_to(customer::Entity)
        .from(login::Column::Id)
        .to(customer::Column::LoginId);
    session::Entity::find_by_id(session)
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
        .one(conn)
        .await
}

/// Ends the running sessions among `which`, and adds them to the news.
async fn end_sessions(
    txn: &DatabaseTransaction,
    which: impl sea_orm::sea_query::IntoCondition,
    now: DateTime<Utc>,
    news: &mut News,
) -> Result<(), DbErr> {
    let ids: Vec<SessionId> = session::Entity::find()
        .select_only()
        .column(session::Column::Id)
        .filter(which)
        .filter(session::Column::EndedAt.is_null())
        .order_by_asc(session::Column::Id)
        .lock_exclusive()
        .into_tuple()
        .all(txn)
        .await?;
    session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::value(now))
        .filter(session::Column::Id.is_in(ids.iter().copied()))
        .exec(txn)
        .await?;
    news.extend(ids.into_iter().map(Stream::Session));
    Ok(())
}

async fn lock_login(txn: &DatabaseTransaction, id: LoginId) -> Result<login::Model, Error> {
    let login = login::Entity::find_by_id(id)
        .lock_exclusive()
        .one(txn)
        .await?;
    login.ok_or_else(|| Error::Fault("a login is never deleted".into()))
}

fn invalid_credentials() -> Error {
    Error::Refused(Reason::InvalidCredentials.into())
}
