//! What this server has written and will read again, out of a stranger's hands: links.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What the key of seals is made of, beside the token key: no seal is ever an access token, and no token a seal.
const PURPOSE: &[u8] = b"agent-program: sealed links, 1";
/// Longer than any of ours.
const MAX_LENGTH: usize = 8_192;

/// Seals texts by HMAC-SHA-256, with keys that follow from the token keys: so every process that shares those reads the
/// seals of the others. The first key seals, all are good to be read.
pub(super) struct Seals(Vec<hmac::Key>);

impl Seals {
    pub(super) fn new(token_keys: &[Vec<u8>]) -> Self {
        let own = |token_key: &Vec<u8>| {
            let from = hmac::Key::new(hmac::HMAC_SHA256, token_key);
            hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&from, PURPOSE).as_ref())
        };
        Self(token_keys.iter().map(own).collect())
    }

    pub(super) fn seal(&self, purpose: &str, said: &[u8]) -> String {
        let key = self.0.first().expect("there is a token key");
        let tag = hmac::sign(key, &marked(purpose, said));
        let [said, tag] = [said, tag.as_ref()].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        format!("{said}.{tag}")
    }

    pub(super) fn unseal(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let (said, tag) = sealed
            .split_once('.')
            .filter(|_| sealed.len() <= MAX_LENGTH)?;
        let said = URL_SAFE_NO_PAD.decode(said).ok()?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        let marked = marked(purpose, &said);
        let ours = self
            .0
            .iter()
            .any(|key| hmac::verify(key, &marked, &tag).is_ok());
        ours.then_some(said)
    }
}

/// What was said, and what for: a seal for one thing is none for another.
fn marked(purpose: &str, said: &[u8]) -> Vec<u8> {
    [purpose.as_bytes(), &[0], said].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_that_was_touched_is_none() {
        let seals = Seals::new(&[b"a key".to_vec()]);
        let sealed = seals.seal("link", b"said");
        assert_eq!(seals.unseal("link", &sealed).as_deref(), Some(&b"said"[..]));
        let (said, tag) = sealed.split_once('.').unwrap();
        let other = URL_SAFE_NO_PAD.encode("sand");
        for touched in [
            format!("{other}.{tag}"),
            format!("{said}."),
            said.to_owned(),
            String::new(),
        ] {
            assert_eq!(seals.unseal("link", &touched), None, "{touched}");
        }
        assert_eq!(seals.unseal("ticket", &sealed), None);
        let turned = Seals::new(&[b"another".to_vec(), b"a key".to_vec()]);
        assert_eq!(
            turned.unseal("link", &sealed).as_deref(),
            Some(&b"said"[..])
        );
        assert_eq!(
            Seals::new(&[b"another".to_vec()]).unseal("link", &sealed),
            None
        );
    }
}
