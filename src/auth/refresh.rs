//! Refresh tokens, `agr_…`, which carry a session on and turn over at each use.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use entity::{SessionId, refresh_token, session};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect,
};

use super::log;
use super::lookups::find;
use super::sessions::{Opened, end_sessions};
use super::{Auth, Origin, Signed, digest, opaque};
use crate::Error;
use crate::program::Reason;
use crate::store::News;

/// How long a client whose answer was lost may ask again with the token that it has just used.
const GRACE: TimeDelta = TimeDelta::seconds(30);

impl Auth {
    /// Trades a refresh token for a new pair.
    ///
    /// An answer may be lost, and a client's tabs may ask at once: within half a minute the same token is answered with
    /// the same new one, as long as that has not been used. Any other second use is a thief's or his victim's, whoever
    /// of the two it is now: the session ends.
    ///
    /// # Errors
    /// `INVALID_TOKEN` at `refreshToken`; `RateLimited`; the database's.
    pub async fn refresh(&self, token: &str, from: &Origin) -> Result<Signed, Error> {
        let guess = self.guesses.guess(from)?;
        guess.judge(self.turn_over(token, from).await)
    }

    async fn turn_over(&self, token: &str, from: &Origin) -> Result<Signed, Error> {
        let invalid = || Error::from(Reason::InvalidToken.at("refreshToken"));
        let now = self.clock.now();
        // An unknown one costs a read, and never the lock that money waits for.
        let seen = by_token(self.db.reader(), token).await?;
        seen.ok_or_else(invalid)?;
        let txn = self.db.begin_write().await?;
        let known = refresh_token::Entity::find_by_id(digest(token)).lock_exclusive();
        let known = known.one(&txn).await?.ok_or_else(invalid)?;
        let session = known.session_id;
        let found = find(&txn, session).await?;
        let found = found.filter(|found| found.runs(now)).ok_or_else(invalid)?;
        let next = match (known.used_at, known.salt) {
            (None, _) => {
                let (salt, _) = opaque("salt");
                let next = successor(token, &salt);
                use_up(&txn, &known.hash, now, salt).await?;
                self.add_refresh_token(&txn, session, &next).await?;
                Some(next)
            }
            (Some(used), Some(salt)) if now < used + GRACE => {
                let next = successor(token, &salt);
                let row = by_token(&txn, &next).await?;
                row.is_some_and(|row| row.used_at.is_none()).then_some(next)
            }
            _ => None,
        };
        let mut news = News::none();
        let Some(refresh_token) = next else {
            end_sessions(&txn, session::Column::Id.eq(session), now, &mut news).await?;
            let login = Some(found.login);
            log::note(&txn, now, "refreshTokenReused", login, from, None).await?;
            self.db.commit(txn, news).await?;
            return Err(invalid());
        };
        self.db.commit(txn, news).await?;
        self.signed(Opened {
            session,
            refresh_token,
        })
        .await
    }

    /// A session's first token, or another one after its others have been used up.
    pub(super) async fn issue_refresh_token(
        &self,
        txn: &DatabaseTransaction,
        session: SessionId,
    ) -> Result<String, Error> {
        let (token, _) = opaque("agr");
        self.add_refresh_token(txn, session, &token).await?;
        Ok(token)
    }

    async fn add_refresh_token(
        &self,
        txn: &DatabaseTransaction,
        session: SessionId,
        token: &str,
    ) -> Result<(), Error> {
        let row = refresh_token::Model {
            hash: digest(token),
            session_id: session,
            issued_at: self.clock.now(),
            used_at: None,
            salt: None,
        };
        refresh_token::Entity::insert(row.into_active_model())
            .exec_without_returning(txn)
            .await?;
        Ok(())
    }
}

async fn by_token(
    conn: &impl ConnectionTrait,
    token: &str,
) -> Result<Option<refresh_token::Model>, DbErr> {
    refresh_token::Entity::find_by_id(digest(token))
        .one(conn)
        .await
}

async fn use_up(
    txn: &DatabaseTransaction,
    hash: &str,
    now: chrono::DateTime<chrono::Utc>,
    salt: String,
) -> Result<(), DbErr> {
    refresh_token::Entity::update_many()
        .col_expr(refresh_token::Column::UsedAt, Expr::value(now))
        .col_expr(refresh_token::Column::Salt, Expr::value(salt))
        .filter(refresh_token::Column::Hash.eq(hash))
        .exec(txn)
        .await?;
    Ok(())
}

/// The token that comes after one: known to whoever holds that one, with the salt that its use was written down with. So
/// the answer can be given again, and the database, which has the salt only, cannot tell it.
fn successor(token: &str, salt: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes());
    let secret = hmac::sign(&key, salt.as_bytes());
    format!("agr_{}", URL_SAFE_NO_PAD.encode(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successor_looks_like_any_and_needs_both_token_and_salt() {
        let next = successor("agr_a", "salt_a");
        assert_eq!(next.len(), opaque("agr").0.len());
        assert_eq!(next, successor("agr_a", "salt_a"));
        assert_ne!(next, successor("agr_b", "salt_a"));
        assert_ne!(next, successor("agr_a", "salt_b"));
    }
}
