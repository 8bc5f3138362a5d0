use std::fmt;
use std::sync::Arc;

use chrono::TimeDelta;

use super::guesses::{Guess, Guesses};
use super::lookups::{Keys, Sessions};
use super::passwords::Passwords;
use super::seals::Seals;
use super::together::Together;
use super::tokens::Tokens;
use super::{Actor, Origin, Person};
use crate::config::Limits;
use crate::store::{Db, Newsroom};
use crate::{Clock, Error};

/// How tokens are made.
#[derive(Clone, Debug)]
pub struct AuthOptions {
    /// Ed25519 keys in PKCS#8, of [`super::key_files`] or [`super::new_key`]: the first signs, all are good to be read.
    pub keys: Vec<Vec<u8>>,
    /// Who issues the tokens: `iss`.
    pub issuer: String,
    /// Whom they are for: `aud`.
    pub audience: String,
    /// At most ten.
    pub access_minutes: u8,
    pub session_days: u16,
    /// How fast may be guessed, and signed up.
    pub limits: Limits,
}

impl AuthOptions {
    /// Tokens of ten minutes, in sessions of thirty days.
    #[must_use]
    pub fn new(key: Vec<u8>) -> Self {
        Self {
            keys: vec![key],
            issuer: "agent-program".into(),
            audience: "agent-program".into(),
            access_minutes: 10,
            session_days: 30,
            limits: Limits::default(),
        }
    }
}

/// Who asks, and how one comes to be known. A clone is the same one.
#[derive(Clone)]
pub struct Auth {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) tokens: Arc<Tokens>,
    pub(super) passwords: Passwords,
    pub(super) guesses: Guesses,
    pub(super) seals: Arc<Seals>,
    pub(super) sessions: Together<Sessions>,
    pub(super) keys: Together<Keys>,
    pub(super) session_life: TimeDelta,
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").finish_non_exhaustive()
    }
}

impl Auth {
    /// Within a runtime: whoever comes is looked up by tasks of its own.
    ///
    /// # Errors
    /// When there is no key, or one is none, or tokens would last longer than ten minutes.
    pub fn new(db: Db, clock: Clock, options: AuthOptions) -> Result<Self, Error> {
        if !(1..=10).contains(&options.access_minutes) {
            return Err(Error::Fault("access tokens last 1 to 10 minutes".into()));
        }
        let life = TimeDelta::minutes(options.access_minutes.into());
        Ok(Self {
            guesses: Guesses::new(options.limits, clock.clone()),
            sessions: Together::new(Sessions(db.clone())),
            keys: Together::new(Keys(db.clone())),
            db,
            clock,
            tokens: Arc::new(Tokens::new(
                &options.keys,
                options.issuer,
                options.audience,
                life,
            )?),
            passwords: Passwords::new()?,
            seals: Arc::new(Seals::new(&options.keys)),
            session_life: TimeDelta::days(options.session_days.into()),
        })
    }

    /// Who asks, by the `Authorization` header: nobody without one. Sessions, roles and keys are looked up, each time.
    ///
    /// # Errors
    /// `Unauthenticated` when it is no `Bearer` token of ours that is still good; the database's.
    pub async fn actor(&self, authorization: Option<&str>) -> Result<Actor, Error> {
        let Some(authorization) = authorization else {
            return Ok(Actor::Anonymous);
        };
        let token = authorization
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or(Error::Unauthenticated)?;
        if token.starts_with("agk_") {
            let machine = self.machine(token).await?;
            return machine.map(Actor::Machine).ok_or(Error::Unauthenticated);
        }
        let proof = self.tokens.read(token, self.clock.now());
        let proof = proof.ok_or(Error::Unauthenticated)?;
        let person = self.person(proof.session, proof.expires_at).await?;
        person
            .filter(|person| person.login == proof.login)
            .map(Actor::Person)
            .ok_or(Error::Unauthenticated)
    }

    /// Who asks, looked at again: rights change and sessions end while a subscription runs. `None` when they have ended.
    ///
    /// # Errors
    /// The database's.
    pub async fn again(&self, person: &Person) -> Result<Option<Person>, Error> {
        if person.access_expires_at <= self.clock.now() {
            return Ok(None);
        }
        self.person(person.session, person.access_expires_at).await
    }

    /// Where it is told that a session ended.
    #[must_use]
    pub fn newsroom(&self) -> &Newsroom {
        self.db.newsroom()
    }

    /// The hash of a password that is good enough, to be kept with its login.
    ///
    /// # Errors
    /// `WEAK_PASSWORD` at `password`; `Overloaded`.
    pub async fn hash(&self, password: String, from: &Origin) -> Result<String, Error> {
        self.passwords
            .hash(password, "password", from.source())
            .await
    }

    /// Begins what guesses a token: [`Guess::judge`] is to hear what became of it.
    ///
    /// # Errors
    /// `RateLimited`.
    pub fn guess(&self, from: &Origin) -> Result<Guess, Error> {
        self.guesses.guess(from)
    }

    /// Somebody new is to be written down.
    ///
    /// # Errors
    /// `RateLimited`.
    pub fn newcomer(&self, from: &Origin) -> Result<(), Error> {
        self.guesses.newcomer(from)
    }

    /// The public keys that tokens are read by, as a JSON Web Key Set.
    #[must_use]
    pub fn public_keys(&self) -> String {
        self.tokens.public_keys()
    }
}
