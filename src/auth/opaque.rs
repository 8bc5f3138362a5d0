use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A new secret of 256 random bits behind `prefix`, and what is kept of it: `("agr_…", its SHA-256 in hexadecimal)`.
///
/// The prefix tells people and secret scanners what they found: `agr_` a refresh token, `agk_` an API key, `agc_` a claim.
#[must_use]
pub fn opaque(prefix: &str) -> (String, String) {
    let secret: [u8; 32] = rand::random();
    let token = format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(secret));
    let hash = digest(&token);
    (token, hash)
}

/// What is kept of a secret: its SHA-256 in hexadecimal. Random secrets need no salt and no slow hash.
#[must_use]
pub fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_kept_as_its_digest_only() {
        let (token, hash) = opaque("agr");
        assert!(token.starts_with("agr_") && token.len() == 4 + 43);
        assert_eq!(hash, digest(&token));
        assert_ne!(opaque("agr").0, token);
    }
}
