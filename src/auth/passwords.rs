use std::sync::Arc;
use std::thread;

use super::hands::Hands;
use super::turns::Turns;
use super::{Source, argon};
use crate::Error;
use crate::program::{Reason, Refusal};

/// How many are hashed at once: each takes 19 MiB and a core for a while.
const AT_ONCE: usize = 2;
/// How many may wait for it. Whoever comes on top is told to come back: a flood of sign-ins holds up sign-ins, and
/// nothing else.
const WAITING: usize = 64;
/// How many of them from one source: an office's people in the morning; a flood gets no more.
const SHARE: usize = WAITING / 4;
/// Fewer guesses than this, and it is among the first that anybody tries.
const COMMON_BELOW_GUESSES: u64 = 10_000;

/// Argon2id, off the threads that serve, a bounded number at a time, and fair by source.
#[derive(Clone)]
pub(super) struct Passwords {
    turns: Turns,
    hands: Hands,
    /// A hash that no password matches: what is checked for an account that is not there, so that it takes as long.
    nobody: Arc<str>,
}

impl Passwords {
    /// # Errors
    /// When the machine has no random numbers.
    pub(super) fn new() -> Result<Self, Error> {
        // By a thread that ends, since the memory is kept until then.
        let nobody = thread::spawn(|| argon::hash(&super::opaque("nobody").0));
        let nobody = nobody.join();
        let nobody = nobody.map_err(|_| Error::Fault("password hashing panicked".into()))??;
        Ok(Self {
            turns: Turns::new(AT_ONCE, WAITING, SHARE),
            hands: Hands::new(AT_ONCE)?,
            nobody: nobody.into(),
        })
    }

    /// The PHC string of a password that is good enough.
    ///
    /// # Errors
    /// `WEAK_PASSWORD` at `field`; `Overloaded`.
    pub(super) async fn hash(
        &self,
        password: String,
        field: &'static str,
        source: Source,
    ) -> Result<String, Error> {
        if !(8..=128).contains(&password.chars().count()) {
            return Err(weak(field).into());
        }
        self.work(source, move || {
            if is_common(&password) {
                return Err(weak(field).into());
            }
            argon::hash(&password)
        })
        .await?
    }

    /// Whether the password is the one that was hashed; without a hash `false`, after the same time.
    ///
    /// # Errors
    /// `Overloaded`.
    pub(super) async fn matches(
        &self,
        password: String,
        phc: Option<String>,
        source: Source,
    ) -> Result<bool, Error> {
        let nobody = self.nobody.clone();
        self.work(source, move || {
            let known = phc.is_some();
            // No password is this long: it costs the time of a short one instead of its own.
            let password = if password.len() > 1024 { "" } else { &password };
            let matches = argon::matches(password, phc.as_deref().unwrap_or(&nobody))?;
            Ok(matches && known)
        })
        .await?
    }

    async fn work<T: Send + 'static>(
        &self,
        source: Source,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let turn = self.turns.wait(source).await?;
        let work = self.hands.work(move || {
            // Held until the work is done, also when whoever asked has gone.
            let _turn = turn;
            work()
        });
        let panicked = || Error::Fault("password hashing panicked".into());
        work.await.ok_or_else(panicked)
    }
}

fn is_common(password: &str) -> bool {
    zxcvbn::zxcvbn(password, &[]).guesses() < COMMON_BELOW_GUESSES
}

fn weak(field: &'static str) -> Refusal {
    Reason::WeakPassword.at(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_tries_first_is_common() {
        for common in [
            "password",
            "Password1",
            "12345678",
            "qwertyuiop",
            "aaaaaaaa",
        ] {
            assert!(is_common(common), "{common}");
        }
        for fine in [
            "a quiet harbour",
            "correct-horse-9",
            "tR7!kq2x",
            "sunny-otter-42",
        ] {
            assert!(!is_common(fine), "{fine}");
        }
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_and_nobody_s_matches_nothing() {
        let passwords = Passwords::new().unwrap();
        let phc = passwords
            .hash("a quiet harbour".into(), "password", Source::default())
            .await
            .unwrap();
        assert!(phc.starts_with("$argon2id$"));
        let matches = |text: &str, phc: Option<&String>| {
            passwords.matches(text.to_owned(), phc.cloned(), Source::default())
        };
        assert!(matches("a quiet harbour", Some(&phc)).await.unwrap());
        assert!(!matches("a quiet harbor", Some(&phc)).await.unwrap());
        assert!(!matches("a quiet harbour", None).await.unwrap());
    }

    #[tokio::test]
    async fn a_short_long_or_common_password_is_weak() {
        let passwords = Passwords::new().unwrap();
        for text in ["", "7 chars", "password", &"x1 ".repeat(43)] {
            let hashed = passwords.hash(text.to_owned(), "password", Source::default());
            let Err(Error::Refused(refusal)) = hashed.await else {
                panic!("{text:?} was taken");
            };
            assert_eq!(refusal, weak("password"), "{text:?}");
        }
    }

    #[tokio::test]
    async fn a_flood_is_told_to_come_back() {
        let passwords = Passwords::new().unwrap();
        let flood = (0..200).map(|_| {
            let (passwords, source) = (passwords.clone(), Source::default());
            async move {
                passwords
                    .matches("a quiet harbor".into(), None, source)
                    .await
            }
        });
        let answers = futures_util::future::join_all(flood).await;
        let refused = answers
            .iter()
            .filter(|it| matches!(it, Err(Error::Overloaded)));
        assert_eq!(refused.count(), 200 - WAITING - AT_ONCE);
    }
}
