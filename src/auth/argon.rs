//! Argon2id in memory that its thread keeps. The library's own takes 19 MiB anew for each password, and the system's
//! allocator, which has to align them, leaves gaps that only smaller things fit into: after some sign-ins a server had
//! hundreds of megabytes.

use std::cell::RefCell;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};

use crate::Error;

thread_local! {
    static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// The PHC string of a password.
pub(super) fn hash(password: &str) -> Result<String, Error> {
    let (argon, salt) = (Argon2::default(), Salt::generate());
    let output = output(&argon, password, &salt, Params::DEFAULT_OUTPUT_LEN)?;
    let phc = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::default().into()),
        params: ParamsString::try_from(argon.params()).map_err(fault)?,
        salt: Some(salt),
        hash: Some(output),
    };
    Ok(phc.to_string())
}

/// Whether the password is the one that was hashed.
pub(super) fn matches(password: &str, phc: &str) -> Result<bool, Error> {
    let phc = PasswordHash::new(phc).map_err(fault)?;
    let (Some(salt), Some(wanted)) = (&phc.salt, &phc.hash) else {
        return Err(Error::Fault(
            "a password hash has no salt or no hash".into(),
        ));
    };
    let algorithm = Algorithm::try_from(phc.algorithm.as_str()).map_err(fault)?;
    let version = phc
        .version
        .map_or(Ok(Version::default()), Version::try_from);
    let params = Params::try_from(&phc).map_err(fault)?;
    let argon = Argon2::new(algorithm, version.map_err(fault)?, params);
    // The comparison takes as long wherever they differ.
    Ok(output(&argon, password, salt, wanted.len())? == *wanted)
}

fn output(argon: &Argon2<'_>, password: &str, salt: &Salt, length: usize) -> Result<Output, Error> {
    let mut bytes = [0; Output::MAX_LENGTH];
    let bytes = &mut bytes[..length];
    let blocks = argon.params().block_count();
    MEMORY.with_borrow_mut(|memory| {
        if memory.len() < blocks {
            memory.resize(blocks, Block::default());
        }
        let memory = &mut memory[..blocks];
        argon
            .hash_password_into_with_memory(password.as_bytes(), salt, bytes, memory)
            .map_err(fault)
    })?;
    Output::new(bytes).map_err(fault)
}

fn fault(cause: impl std::fmt::Display) -> Error {
    Error::Fault(format!("password hashing: {cause}"))
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHasher, PasswordVerifier};

    use super::*;

    #[test]
    fn it_is_what_the_library_does_in_its_own_memory() {
        let theirs = Argon2::default().hash_password(b"a quiet harbour").unwrap();
        let ours = hash("a louder harbour").unwrap();
        let read = PasswordHash::new(&ours).unwrap();
        assert!(
            Argon2::default()
                .verify_password(b"a louder harbour", &read)
                .is_ok()
        );
        assert!(
            Argon2::default()
                .verify_password(b"a quiet harbour", &read)
                .is_err()
        );
        assert_eq!(read.params, theirs.params);
        assert!(matches("a quiet harbour", &theirs.to_string()).unwrap());
        assert!(!matches("a louder harbour", &theirs.to_string()).unwrap());
        assert!(matches("a louder harbour", &ours).unwrap());
        assert!(matches("a quiet harbour", "no hash").is_err());
    }
}
