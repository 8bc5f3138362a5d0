//! Signing in and out.

use chrono::{DateTime, Utc};
use entity::{Email, LoginId, SessionId, TypedId, login, refresh_token, session};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, JoinType, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::guesses::Account;
use super::log::note;
use super::lookups::find;
use super::{Auth, Origin, Person};
use crate::Error;
use crate::program::Reason;
use crate::store::{News, Stream};

/// A sign-in that failed, in the audit log.
const FAILED: &str = "signInFailed";

/// A session that another story's transaction has opened: [`Auth::signed`] makes tokens of it after the commit.
#[derive(Debug)]
#[must_use = "the session has no tokens until `Auth::signed`"]
pub struct Opened {
    pub(super) session: SessionId,
    pub(super) refresh_token: String,
}

/// Tokens, shown this once, and who they are for.
#[derive(Clone, Debug)]
pub struct Signed {
    pub access_token: String,
    pub access_token_expires_at: DateTime<Utc>,
    pub refresh_token: String,
    pub person: Person,
}

impl Auth {
    /// Opens a session with an e-mail address and a password. Takes the same time whether or not there is such an account.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS`; `RateLimited`; `Overloaded`; the database's.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        from: &Origin,
    ) -> Result<Signed, Error> {
        let email = Email::parse(email).map(|email| email.key()).ok();
        // What is no address is nobody's account, and tried from its source all the same.
        let account = Account::of(email.as_deref().unwrap_or_default());
        let at_home =
            self.guesses.holds_up(account) && self.has_been_at(email.as_deref(), from).await?;
        let guess = self.guesses.sign_in(account, from, at_home)?;
        guess.judge(self.open(email.as_deref(), password, from).await)
    }

    /// Whether the holder of an account has signed in from there.
    async fn has_been_at(&self, email: Option<&str>, from: &Origin) -> Result<bool, Error> {
        let login = session::Entity::belongs_to(login::Entity)
            .from(session::Column::LoginId)
            .to(login::Column::Id);
        let there = session::Entity::find()
            .join(JoinType::InnerJoin, login.into())
            .filter(login::Column::EmailKey.eq(email.unwrap_or_default()))
            .filter(session::Column::Source.eq(from.source().to_string()))
            .one(self.db.reader());
        Ok(there.await?.is_some())
    }

    async fn open(
        &self,
        email_key: Option<&str>,
        password: &str,
        from: &Origin,
    ) -> Result<Signed, Error> {
        let known = match email_key {
            Some(key) => {
                let logins = login::Entity::find().filter(login::Column::EmailKey.eq(key));
                logins.one(self.db.reader()).await?
            }
            None => None,
        };
        let (id, phc) = known.map_or((None, None), |login| (Some(login.id), login.password_hash));
        let password = password.to_owned();
        let matches = self.passwords.matches(password, phc.clone(), from.source());
        let matches = matches.await?;
        let Some(id) = id.filter(|_| matches && phc.is_some()) else {
            self.note_failure(FAILED, id, email_key, from).await?;
            return Err(invalid_credentials());
        };
        let txn = self.db.begin_write().await?;
        // The password may have been changed while it was checked: then it is the wrong one.
        let now_phc = lock_login(&txn, id).await?.password_hash;
        if now_phc != phc {
            drop(txn);
            self.note_failure(FAILED, Some(id), email_key, from).await?;
            return Err(invalid_credentials());
        }
        let opened = self.open_session(&txn, id, from, "signIn").await?;
        self.db.commit(txn, News::none()).await?;
        self.signed(opened).await
    }

    /// Opens a session within another story's transaction, for a login that this very transaction may have made; the audit
    /// log tells of it as `action`.
    ///
    /// # Errors
    /// The database's.
    pub async fn open_session(
        &self,
        txn: &DatabaseTransaction,
        login: LoginId,
        from: &Origin,
        action: &str,
    ) -> Result<Opened, Error> {
        let now = self.clock.now();
        let row = session::Model {
            id: SessionId::from_uuid(Uuid::now_v7()),
            login_id: login,
            created_at: now,
            expires_at: now + self.session_life,
            ended_at: None,
            source: from.address.map(|_| from.source().to_string()),
        };
        let session = row.id;
        session::Entity::insert(row.into_active_model())
            .exec_without_returning(txn)
            .await?;
        let refresh_token = self.issue_refresh_token(txn, session).await?;
        note(txn, now, action, Some(login), from, None).await?;
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
                .issue(found.login, opened.session, found.expires_at, now)?;
        Ok(Signed {
            access_token,
            access_token_expires_at,
            refresh_token: opened.refresh_token,
            person: found.person(access_token_expires_at),
        })
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
    pub async fn sign_out(&self, person: &Person, from: &Origin) -> Result<(), Error> {
        let mut news = News::none();
        let now = self.clock.now();
        let txn = self.db.begin_write().await?;
        let which = session::Column::Id.eq(person.session);
        end_sessions(&txn, which, now, &mut news).await?;
        note(&txn, now, "signOut", Some(person.login), from, None).await?;
        Ok(self.db.commit(txn, news).await?)
    }

    /// Sets another password and ends all the login's other sessions; this one goes on with new tokens.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS` at `currentPassword`; `WEAK_PASSWORD` at `newPassword`; `RateLimited`; `Overloaded`; the
    /// database's.
    pub async fn change_password(
        &self,
        person: &Person,
        current: String,
        new: String,
        from: &Origin,
    ) -> Result<Signed, Error> {
        let login = login::Entity::find_by_id(person.login)
            .one(self.db.reader())
            .await?;
        let login = login.ok_or_else(|| Error::Fault("a login is never deleted".into()))?;
        let account = Account::of(&login.email_key);
        // Whoever has its session is at home; whether it knows the password is guessed as at the door.
        let guess = self.guesses.sign_in(account, from, true)?;
        guess.judge(self.set_password(person, login, current, new, from).await)
    }

    async fn set_password(
        &self,
        person: &Person,
        login: login::Model,
        current: String,
        new: String,
        from: &Origin,
    ) -> Result<Signed, Error> {
        let wrong = || Error::from(Reason::InvalidCredentials.at("currentPassword"));
        let (before, source) = (login.password_hash, from.source());
        let matches = self.passwords.matches(current, before.clone(), source);
        if !matches.await? {
            let login = Some(person.login);
            self.note_failure("changePasswordFailed", login, None, from)
                .await?;
            return Err(wrong());
        }
        let hash = self.passwords.hash(new, "newPassword", source).await?;
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
        note(&txn, now, "changePassword", Some(person.login), from, None).await?;
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
        let found = self.sessions.find(session).await?;
        let now = self.clock.now();
        let running = found.filter(|found| found.runs(now));
        Ok(running.map(|found| found.person(access_expires_at)))
    }
}

/// Ends the running sessions among `which`, and adds them to the news.
pub(super) async fn end_sessions(
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
