use chrono::{DateTime, TimeDelta, Utc};
use entity::{LoginId, SessionId, TypedId};
use jsonwebtoken::{Algorithm, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::token_keys::Key;
use crate::Error;

/// How far two machines' clocks may differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(5);
/// What no token outlasts, whatever it says.
const LONGEST: TimeDelta = TimeDelta::minutes(10);
/// How many tokens are known by their digests. Only those that we have signed are, so nobody else can crowd them out.
const REMEMBERED: usize = 16_384;
/// Longer than any of ours.
const MAX_LENGTH: usize = 2_048;

/// Signs and reads access tokens: JWTs of ten minutes at most, by Ed25519 and nothing else.
pub(super) struct Tokens {
    /// The first signs.
    keys: Vec<Key>,
    validation: Validation,
    issuer: String,
    audience: String,
    life: TimeDelta,
    /// Whose signature was found good before, by the SHA-256 of the token: a signature costs more than a page's first
    /// statement, and does not change. Whether they still run is looked at each time.
    signed: Cache<[u8; 32], Signed>,
}

/// What a token says that we have signed, whatever the time is.
#[derive(Clone, Copy, Debug)]
struct Signed {
    login: LoginId,
    session: SessionId,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
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
    /// When there is no key, or one of `pkcs8` is none of Ed25519.
    pub(super) fn new(
        pkcs8: &[Vec<u8>],
        issuer: String,
        audience: String,
        life: TimeDelta,
    ) -> Result<Self, Error> {
        // Refused when it was installed before: the same one, so that is as good.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let keys = pkcs8
            .iter()
            .map(|key| Key::new(key))
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(Error::Fault("there is no token key".into()));
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[&audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // By our own clock, in `read`.
        validation.validate_exp = false;
        validation.leeway = 0;
        Ok(Self {
            keys,
            validation,
            issuer,
            audience,
            life,
            signed: Cache::new(REMEMBERED),
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
        let token = self.keys[0].sign(&claims)?;
        Ok((token, instant(expires).ok_or_else(out_of_time)?))
    }

    /// What a token proves now; `None` for whatever is not one of ours that still runs.
    pub(super) fn read(&self, token: &str, now: DateTime<Utc>) -> Option<Proof> {
        if token.len() > MAX_LENGTH {
            return None;
        }
        let digest: [u8; 32] = Sha256::digest(token).into();
        let signed = if let Some(signed) = self.signed.get(&digest) {
            signed
        } else {
            let signed = self.signed_by_us(token)?;
            self.signed.insert(digest, signed);
            signed
        };
        let Signed {
            login,
            session,
            issued_at,
            expires_at,
        } = signed;
        let runs = now < expires_at + LEEWAY
            && issued_at <= now + LEEWAY
            && expires_at - issued_at <= LONGEST;
        runs.then_some(Proof {
            login,
            session,
            expires_at,
        })
    }

    fn signed_by_us(&self, token: &str) -> Option<Signed> {
        let by = self
            .keys
            .iter()
            .find(|key| token.starts_with(&key.beginning))?;
        let decoded =
            jsonwebtoken::decode::<Claims>(token, &by.verifying, &self.validation).ok()?;
        let claims = decoded.claims;
        Some(Signed {
            login: LoginId::parse(&claims.sub)?,
            session: SessionId::parse(&claims.sid)?,
            issued_at: instant(claims.iat)?,
            expires_at: instant(claims.exp)?,
        })
    }

    /// What verifies them, as a JSON Web Key Set: for whoever else reads our tokens.
    pub(super) fn public_keys(&self) -> String {
        let keys: Vec<_> = self.keys.iter().map(Key::jwk).collect();
        serde_json::json!({ "keys": keys }).to_string()
    }
}

fn instant(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}

fn out_of_time() -> Error {
    Error::Fault("the clock is beyond what can be written".into())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use uuid::Uuid;

    use super::super::new_key;
    use super::super::token_keys::TYPE;
    use super::*;

    fn tokens(key: &[u8], issuer: &str, audience: &str) -> Tokens {
        of(&[key], issuer, audience)
    }

    fn of(keys: &[&[u8]], issuer: &str, audience: &str) -> Tokens {
        let keys: Vec<_> = keys.iter().map(|key| key.to_vec()).collect();
        Tokens::new(&keys, issuer.into(), audience.into(), LONGEST).unwrap()
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
        let (good, _) = ours.issue(login, session, end, noon()).unwrap();
        assert!(ours.read(&good, noon()).is_some());
        let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
        for text in ["", "a.b.c", "..", &unsigned, &"x".repeat(3_000)] {
            assert_eq!(ours.read(text, noon()), None);
        }
    }

    /// A token that says all the right things, under this header, signed by whatever.
    fn forged(header: &serde_json::Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let claims = serde_json::json!({
            "iss": "us", "aud": "them", "sub": ids().0.to_string(), "sid": ids().1.to_string(),
            "iat": noon().timestamp(), "exp": noon().timestamp() + 60,
        });
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    #[test]
    fn a_header_says_nothing_that_is_believed() {
        let key = new_key().unwrap();
        let ours = tokens(&key, "us", "them");
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&key).unwrap();
        let by_us = |message: &[u8]| pair.sign(message).as_ref().to_vec();
        let thief = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&new_key().unwrap()).unwrap();
        let by_thief = |message: &[u8]| thief.sign(message).as_ref().to_vec();
        let kid = ours.keys[0].header.kid.clone().unwrap();
        let header = |more: serde_json::Value| {
            let mut header = serde_json::json!({ "typ": TYPE, "alg": "EdDSA", "kid": kid });
            for (name, value) in more.as_object().unwrap() {
                header[name] = value.clone();
            }
            header
        };
        let jwk = |pair: &Ed25519KeyPair| {
            let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
            serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "x": x })
        };
        // As we write it, and as serde_json sorts it when it writes it.
        let good = ours.keys[0].sign(&serde_json::json!({
            "iss": "us", "aud": "them", "sub": ids().0.to_string(), "sid": ids().1.to_string(),
            "iat": noon().timestamp(), "exp": noon().timestamp() + 60,
        }));
        assert!(ours.read(&good.unwrap(), noon()).is_some());
        for more in [
            serde_json::json!({ "alg": "none" }),
            serde_json::json!({ "alg": "HS256" }),
            serde_json::json!({ "alg": "ES256" }),
            serde_json::json!({ "typ": "JWT" }),
            serde_json::json!({ "typ": "dpop+jwt" }),
            serde_json::json!({ "kid": "0000000000000000" }),
            serde_json::json!({ "kid": "../../../../dev/null" }),
            serde_json::json!({ "kid": "' OR '1'='1" }),
            serde_json::json!({ "kid": null }),
            serde_json::json!({ "jku": "https://example.com/jwks.json" }),
            serde_json::json!({ "x5u": "https://example.com/cert.pem" }),
            serde_json::json!({ "x5c": ["MII="] }),
            serde_json::json!({ "jwk": jwk(&thief) }),
            serde_json::json!({ "jwk": jwk(&pair) }),
            serde_json::json!({ "crit": ["exp"] }),
            serde_json::json!({ "crit": ["b64"], "b64": false }),
            serde_json::json!({ "zip": "DEF" }),
        ] {
            let header = header(more);
            let public = pair.public_key().as_ref();
            let by_public = |message: &[u8]| {
                let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, public);
                aws_lc_rs::hmac::sign(&key, message).as_ref().to_vec()
            };
            for token in [
                forged(&header, by_us),
                forged(&header, by_thief),
                forged(&header, by_public),
                forged(&header, |_| vec![]),
            ] {
                assert_eq!(ours.read(&token, noon()), None, "{header}");
            }
        }
    }

    #[test]
    fn a_signature_is_good_in_one_way_only() {
        let ours = tokens(&new_key().unwrap(), "us", "them");
        let (login, session) = ids();
        let end = noon() + TimeDelta::days(1);
        let (good, _) = ours.issue(login, session, end, noon()).unwrap();
        let (message, signature) = good.rsplit_once('.').unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        // S + L, which a careless verifier takes for S: L = 2^252 + 27742317777372353535851937790883648493.
        let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
            .unwrap();
        let mut malleated = bytes.clone();
        let mut carry = 0;
        for (byte, add) in malleated[32..].iter_mut().zip(&order) {
            carry += u16::from(*byte) + u16::from(*add);
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        let mut flipped = bytes.clone();
        flipped[0] ^= 1;
        let last = signature.as_bytes()[signature.len() - 1];
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let same_bits = alphabet.bytes().position(|byte| byte == last).unwrap() + 1;
        let mut loose = signature[..signature.len() - 1].to_owned();
        loose.push_str(&alphabet[same_bits..=same_bits]);
        for other in [
            URL_SAFE_NO_PAD.encode(&malleated),
            URL_SAFE_NO_PAD.encode(&flipped),
            URL_SAFE_NO_PAD.encode(&bytes[..63]),
            URL_SAFE_NO_PAD.encode([0; 64]),
            format!("{signature}=="),
            format!("{signature} "),
            loose,
        ] {
            let token = format!("{message}.{other}");
            assert_eq!(ours.read(&token, noon()), None, "{other}");
        }
        assert!(ours.read(&good, noon()).is_some());
    }

    #[test]
    fn the_first_key_signs_and_all_are_read() {
        let (old, new) = (new_key().unwrap(), new_key().unwrap());
        let (login, session) = ids();
        let end = noon() + TimeDelta::days(1);
        let before = tokens(&old, "us", "them");
        let during = of(&[&new, &old], "us", "them");
        let after = tokens(&new, "us", "them");
        let (by_old, _) = before.issue(login, session, end, noon()).unwrap();
        let (by_new, _) = during.issue(login, session, end, noon()).unwrap();
        assert!(during.read(&by_old, noon()).is_some() && during.read(&by_new, noon()).is_some());
        assert!(after.read(&by_new, noon()).is_some());
        assert_eq!(after.read(&by_old, noon()), None);
        assert_eq!(before.read(&by_new, noon()), None);
        let shown: serde_json::Value = serde_json::from_str(&during.public_keys()).unwrap();
        let keys = shown["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 2);
        for (key, ours) in keys.iter().zip(&during.keys) {
            assert_eq!(key["kid"], ours.header.kid.clone().unwrap());
            assert_eq!(key["x"], URL_SAFE_NO_PAD.encode(&ours.public));
            assert!(key.get("d").is_none() && key["kty"] == "OKP" && key["alg"] == "EdDSA");
        }
    }

    #[test]
    fn no_token_outlasts_ten_minutes_whatever_it_says() {
        let ours = tokens(&new_key().unwrap(), "us", "them");
        let read = |seconds: i64| {
            let token = ours.keys[0].sign(&serde_json::json!({
                "iss": "us", "aud": "them", "sub": ids().0.to_string(), "sid": ids().1.to_string(),
                "iat": noon().timestamp(), "exp": noon().timestamp() + seconds,
            }));
            ours.read(&token.unwrap(), noon()).is_some()
        };
        assert!(read(600) && !read(601) && !read(-6));
    }

    #[test]
    fn a_token_without_issuer_or_audience_is_none_of_ours() {
        let ours = tokens(&new_key().unwrap(), "us", "them");
        let whole = serde_json::json!({
            "iss": "us", "aud": "them", "sub": ids().0.to_string(), "sid": ids().1.to_string(),
            "iat": noon().timestamp(), "exp": noon().timestamp() + 60,
        });
        let read = |claims: &serde_json::Value| {
            let token = ours.keys[0].sign(claims).unwrap();
            ours.read(&token, noon())
        };
        assert!(read(&whole).is_some());
        for claim in ["iss", "aud", "sub", "sid", "iat", "exp"] {
            let mut claims = whole.clone();
            claims.as_object_mut().unwrap().remove(claim);
            assert_eq!(read(&claims), None, "{claim}");
        }
    }
}
