use std::io::Write as _;
use std::path::Path;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{LoginId, SessionId, TypedId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::digest;
use crate::Error;

/// RFC 9068: what tells an access token from any other JWT that the same key may one day sign.
const TYPE: &str = "at+jwt";
/// How far two machines' clocks may differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(5);
/// Longer than any of ours.
const MAX_LENGTH: usize = 2_048;

/// Signs and reads access tokens: JWTs of ten minutes at most, by Ed25519 and nothing else.
pub(super) struct Tokens {
    header: Header,
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
    issuer: String,
    audience: String,
    life: TimeDelta,
}

/// What an access token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    /// The login.
    sub: String,
    /// The session.
    sid: String,
    iat: i64,
    exp: i64,
}

/// What a good access token proved: that this session was ours when it was issued. Whether it still runs is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    pub login: LoginId,
    pub session: SessionId,
    pub expires_at: DateTime<Utc>,
}

impl Tokens {
    /// # Errors
    /// When `pkcs8` is no Ed25519 key.
    pub(super) fn new(
        pkcs8: &[u8],
        issuer: String,
        audience: String,
        life: TimeDelta,
    ) -> Result<Self, Error> {
        // Refused when it was installed before: the same one, so that is as good.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8)
            .map_err(|_| Error::Fault("the token key is no Ed25519 key in PKCS#8".into()))?;
        let public = pair.public_key().as_ref();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.into());
        header.kid = Some(digest(&hex::encode(public))[..16].into());
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[&audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // By our own clock, in `read`.
        validation.validate_exp = false;
        validation.leeway = 0;
        Ok(Self {
            signing: EncodingKey::from_ed_der(pkcs8),
            verifying: DecodingKey::from_ed_der(public),
            header,
            validation,
            issuer,
            audience,
            life,
        })
    }

    /// A new access token, and when it runs out: with the session at the latest.
    ///
    /// # Errors
    /// When the key does not sign.
    pub(super) fn issue(
        &self,
        login: LoginId,
        session: SessionId,
        session_expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(String, DateTime<Utc>), Error> {
        let expires = (now + self.life).min(session_expires_at).timestamp();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: login.to_string(),
            sid: session.to_string(),
            iat: now.timestamp(),
            exp: expires,
        };
        let token = jsonwebtoken::encode(&self.header, &claims, &self.signing)
            .map_err(|fault| Error::Fault(format!("signing a token: {fault}")))?;
        Ok((token, instant(expires).ok_or_else(out_of_time)?))
    }

    /// What a token proves now; `None` for whatever is not one of ours that still runs.
    pub(super) fn read(&self, token: &str, now: DateTime<Utc>) -> Option<Proof> {
        if token.len() > MAX_LENGTH {
            return None;
        }
        let decoded =
            jsonwebtoken::decode::<Claims>(token, &self.verifying, &self.validation).ok()?;
        let (header, claims) = (decoded.header, decoded.claims);
        let expires_at = instant(claims.exp)?;
        let ours = header.typ.as_deref() == Some(TYPE)
            && header.kid == self.header.kid
            && now < expires_at + LEEWAY
            && instant(claims.iat)? <= now + LEEWAY;
        ours.then_some(Proof {
            login: LoginId::parse(&claims.sub)?,
            session: SessionId::parse(&claims.sid)?,
            expires_at,
        })
    }
}

fn instant(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}

fn out_of_time() -> Error {
    Error::Fault("the clock is beyond what can be written".into())
}

/// A new Ed25519 key, in PKCS#8.
///
/// # Errors
/// When the machine has no random numbers.
pub fn new_key() -> Result<Vec<u8>, Error> {
    Ed25519KeyPair::generate()
        .and_then(|pair| pair.to_pkcs8v1())
        .map(|document| document.as_ref().to_vec())
        .map_err(|_| Error::Fault("no Ed25519 key could be made".into()))
}

/// The key in `path`; where there is no such file, a new one is made, which only its owner can read.
/// The flag tells whether it was made.
///
/// # Errors
/// When the file can be neither read nor made.
pub fn key_file(path: &Path) -> Result<(Vec<u8>, bool), Error> {
    let fault = |what: &str, fault: std::io::Error| {
        Error::Fault(format!(
            "the token key file {}: {what}: {fault}",
            path.display()
        ))
    };
    match std::fs::read(path) {
        Ok(key) => return Ok((key, false)),
        Err(absent) if absent.kind() == std::io::ErrorKind::NotFound => {}
        Err(other) => return Err(fault("not readable", other)),
    }
    let key = new_key()?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| file.write_all(&key).and_then(|()| file.sync_all()))
        .map_err(|other| fault("cannot be made", other))?;
    Ok((key, true))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn tokens(key: &[u8], issuer: &str, audience: &str) -> Tokens {
        Tokens::new(key, issuer.into(), audience.into(), TimeDelta::minutes(10)).unwrap()
    }

    fn ids() -> (LoginId, SessionId) {
        (
            LoginId::from_uuid(Uuid::from_u128(1)),
            SessionId::from_uuid(Uuid::from_u128(2)),
        )
    }

    fn noon() -> DateTime<Utc> {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_token_proves_its_session_until_it_runs_out() {
        let tokens = tokens(&new_key().unwrap(), "us", "them");
        let (login, session) = ids();
        let (token, expires_at) = tokens
            .issue(login, session, noon() + TimeDelta::days(30), noon())
            .unwrap();
        assert_eq!(expires_at, noon() + TimeDelta::minutes(10));
        let proof = Proof {
            login,
            session,
            expires_at,
        };
        assert_eq!(tokens.read(&token, noon()), Some(proof));
        let at = |seconds| noon() + TimeDelta::seconds(seconds);
        assert_eq!(tokens.read(&token, at(604)), Some(proof));
        assert_eq!(tokens.read(&token, at(605)), None);
        assert_eq!(tokens.read(&token, at(-6)), None);
    }

    #[test]
    fn a_token_never_outlives_its_session() {
        let tokens = tokens(&new_key().unwrap(), "us", "them");
        let end = noon() + TimeDelta::minutes(3);
        let (_, expires_at) = tokens.issue(ids().0, ids().1, end, noon()).unwrap();
        assert_eq!(expires_at, end);
    }

    #[test]
    fn a_token_of_another_key_issuer_audience_or_kind_is_none_of_ours() {
        let key = new_key().unwrap();
        let ours = tokens(&key, "us", "them");
        let (login, session) = ids();
        let end = noon() + TimeDelta::days(1);
        for other in [
            tokens(&new_key().unwrap(), "us", "them"),
            tokens(&key, "others", "them"),
            tokens(&key, "us", "others"),
        ] {
            let (token, _) = other.issue(login, session, end, noon()).unwrap();
            assert_eq!(ours.read(&token, noon()), None);
        }
        let mut plain = tokens(&key, "us", "them");
        plain.header.typ = Some("JWT".into());
        let (token, _) = plain.issue(login, session, end, noon()).unwrap();
        assert_eq!(ours.read(&token, noon()), None);
        let (good, _) = ours.issue(login, session, end, noon()).unwrap();
        assert!(ours.read(&good, noon()).is_some());
        let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
        for text in ["", "a.b.c", &unsigned, &"x".repeat(3_000)] {
            assert_eq!(ours.read(text, noon()), None);
        }
    }

    #[test]
    fn a_token_without_issuer_or_audience_is_none_of_ours() {
        let ours = tokens(&new_key().unwrap(), "us", "them");
        let whole = serde_json::json!({
            "iss": "us", "aud": "them", "sub": ids().0.to_string(), "sid": ids().1.to_string(),
            "iat": noon().timestamp(), "exp": noon().timestamp() + 60,
        });
        let read = |claims: &serde_json::Value| {
            let token = jsonwebtoken::encode(&ours.header, claims, &ours.signing).unwrap();
            ours.read(&token, noon())
        };
        assert!(read(&whole).is_some());
        for claim in ["iss", "aud", "sub", "sid", "iat", "exp"] {
            let mut claims = whole.clone();
            claims.as_object_mut().unwrap().remove(claim);
            assert_eq!(read(&claims), None, "{claim}");
        }
    }

    #[test]
    fn a_key_file_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent-program.key");
        let (key, made) = key_file(&path).unwrap();
        assert!(made);
        assert_eq!(key_file(&path).unwrap(), (key, false));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
