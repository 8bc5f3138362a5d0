//! The keys that access tokens are signed and read by, and the files that hold them.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::Serialize;

use super::digest;
use crate::Error;

/// RFC 9068: what tells an access token from any other JWT that the same key may one day sign.
pub(super) const TYPE: &str = "at+jwt";

/// One of ours.
pub(super) struct Key {
    pub(super) header: Header,
    /// The header as each of its tokens begins: a token that begins otherwise is none of ours, whatever key or
    /// algorithm it asks for.
    pub(super) beginning: String,
    signing: EncodingKey,
    pub(super) verifying: DecodingKey,
    pub(super) public: Vec<u8>,
}

impl Key {
    pub(super) fn new(pkcs8: &[u8]) -> Result<Self, Error> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8)
            .map_err(|_| Error::Fault("a token key is no Ed25519 key in PKCS#8".into()))?;
        let public = pair.public_key().as_ref().to_vec();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.into());
        header.kid = Some(digest(&hex::encode(&public))[..16].into());
        let json = serde_json::to_vec(&header).map_err(|fault| Error::Fault(fault.to_string()))?;
        Ok(Self {
            header,
            beginning: format!("{}.", URL_SAFE_NO_PAD.encode(json)),
            signing: EncodingKey::from_ed_der(pkcs8),
            verifying: DecodingKey::from_ed_der(&public),
            public,
        })
    }

    pub(super) fn sign(&self, claims: &impl Serialize) -> Result<String, Error> {
        jsonwebtoken::encode(&self.header, claims, &self.signing)
            .map_err(|fault| Error::Fault(format!("signing a token: {fault}")))
    }

    /// RFC 8037.
    pub(super) fn jwk(&self) -> serde_json::Value {
        serde_json::json!({
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
            "kid": self.header.kid, "x": URL_SAFE_NO_PAD.encode(&self.public),
        })
    }
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

/// The keys in these files, each as by [`key_file`].
///
/// # Errors
/// When one of them can be neither read nor made.
pub fn key_files(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, Error> {
    let keys = paths.iter().map(|path| key_file(path).map(|(key, _)| key));
    keys.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
