//! Guessing is slow. Attempts are counted, not requests: what turns out right is taken off again.
//!
//! A process counts by itself, in memory, and forgets the longest unused first. Three counts hold a password's guesser
//! up: of the account from this source (tight), of the source (an office has many people), and of the account from
//! everywhere (loose, then slower and slower). The last one does not count for a source from where the account's holder
//! has signed in: nobody locks another out of his own home.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lru::LruCache;
use sha2::{Digest, Sha256};

use super::{Origin, Source};
use crate::config::{Limits, Pace};
use crate::program::Reason;
use crate::{Clock, Error};

/// Counts in memory, of some fifty bytes each.
const COUNTS: NonZeroUsize = NonZeroUsize::new(100_000).expect("more than none");
/// The longest that an account's wrong sign-ins hold up the next one.
const LONGEST: TimeDelta = TimeDelta::minutes(15);
/// After so long without any they are forgotten.
const FORGOTTEN: TimeDelta = TimeDelta::hours(24);

/// Who has guessed how often. A clone is the same one.
#[derive(Clone)]
pub(super) struct Guesses {
    limits: Limits,
    clock: Clock,
    counts: Arc<Mutex<LruCache<Key, Count>>>,
}

/// An account's, whether or not there is one: of an e-mail address in any case. A digest, so that all are of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Account([u8; 16]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Account(Account),
    AccountFrom(Account, Source),
    Source(Source),
    Newcomers(Source),
}

#[derive(Clone, Copy, Debug)]
struct Count {
    wrong: u32,
    /// Of a [`Pace`]: until when all that was taken has come back. Of an account: when it was tried last.
    at: DateTime<Utc>,
}

/// An attempt under way, which counts as a wrong one until it is known to be none.
#[must_use = "an attempt that is dropped counts as a wrong one"]
pub struct Guess {
    guesses: Guesses,
    taken: Vec<Key>,
}

impl Account {
    pub(super) fn of(email_key: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(email_key).into();
        let (half, _) = digest.split_first_chunk().expect("32 bytes have 16");
        Self(*half)
    }
}

impl Guesses {
    pub(super) fn new(limits: Limits, clock: Clock) -> Self {
        let counts = Arc::new(Mutex::new(LruCache::new(COUNTS)));
        Self {
            limits,
            clock,
            counts,
        }
    }

    /// Begins a sign-in to an account; `at_home` from a source where its holder has signed in before.
    ///
    /// # Errors
    /// `RateLimited`.
    pub(super) fn sign_in(
        &self,
        account: Account,
        from: &Origin,
        at_home: bool,
    ) -> Result<Guess, Error> {
        let source = from.source();
        let mut keys = vec![Key::AccountFrom(account, source), Key::Source(source)];
        if !at_home {
            keys.push(Key::Account(account));
        }
        self.take(from, keys)
    }

    /// Whether an account is held up, from wherever one comes.
    pub(super) fn holds_up(&self, account: Account) -> bool {
        let now = self.clock.now();
        self.wait(&mut self.lock(), Key::Account(account), now)
            .is_some()
    }

    /// Begins what is guessed without an account: a token.
    ///
    /// # Errors
    /// `RateLimited`.
    pub(super) fn guess(&self, from: &Origin) -> Result<Guess, Error> {
        self.take(from, vec![Key::Source(from.source())])
    }

    /// Somebody new comes, which counts in any case.
    ///
    /// # Errors
    /// `RateLimited`.
    pub(super) fn newcomer(&self, from: &Origin) -> Result<(), Error> {
        let counted = self.take(from, vec![Key::Newcomers(from.source())]);
        counted.map(drop)
    }

    /// All of them or none, whichever holds up the longest.
    fn take(&self, from: &Origin, keys: Vec<Key>) -> Result<Guess, Error> {
        let mut taken = keys;
        // Who comes by no connection is this process itself.
        if from.address.is_none() {
            taken.clear();
        }
        let now = self.clock.now();
        let mut counts = self.lock();
        let wait = taken
            .iter()
            .filter_map(|key| self.wait(&mut counts, *key, now));
        if let Some(wait) = wait.max() {
            drop(counts);
            metrics::counter!("agent_program_attempts_refused_total").increment(1);
            let retry_after = wait.to_std().unwrap_or_default();
            return Err(Error::RateLimited { retry_after });
        }
        for key in &taken {
            let count = counts.get_or_insert_mut(*key, || Count { wrong: 0, at: now });
            if let Some(pace) = self.pace(*key) {
                count.at = count.at.max(now) + every(pace);
                continue;
            }
            let forgotten = now - count.at > FORGOTTEN;
            count.wrong = if forgotten {
                1
            } else {
                count.wrong.saturating_add(1)
            };
            count.at = now;
        }
        drop(counts);
        Ok(Guess {
            guesses: self.clone(),
            taken,
        })
    }

    /// How long until the next may be tried.
    fn wait(
        &self,
        counts: &mut LruCache<Key, Count>,
        key: Key,
        now: DateTime<Utc>,
    ) -> Option<TimeDelta> {
        let count = counts.peek(&key)?;
        let left = match (key, self.pace(key)) {
            (_, Some(pace)) => (count.at - now) - every(pace) * at_most(pace.at_once - 1),
            (Key::Account(_), None) => {
                let over = count.wrong.checked_sub(self.limits.account?)?;
                let delay = TimeDelta::seconds(1 << over.min(10));
                count.at + delay.min(LONGEST) - now
            }
            _ => return None,
        };
        (left > TimeDelta::zero()).then_some(left)
    }

    fn pace(&self, key: Key) -> Option<Pace> {
        match key {
            Key::Account(_) => None,
            Key::AccountFrom(..) => self.limits.account_from_source,
            Key::Source(_) => self.limits.source,
            Key::Newcomers(_) => self.limits.newcomers,
        }
    }

    fn give_back(&self, key: Key) {
        let pace = self.pace(key);
        if let Some(count) = self.lock().peek_mut(&key) {
            count.wrong = count.wrong.saturating_sub(1);
            if let Some(pace) = pace {
                count.at -= every(pace);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Key, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guess {
    /// By its outcome: a wrong password or token counts, and what failed otherwise was no guess.
    ///
    /// # Errors
    /// The outcome's.
    pub fn judge<T>(self, outcome: Result<T, Error>) -> Result<T, Error> {
        match &outcome {
            Ok(_) => self.right(),
            Err(Error::Refused(refusal))
                if matches!(
                    refusal.reason,
                    Reason::InvalidCredentials | Reason::InvalidToken
                ) => {}
            Err(_) => self.none(),
        }
        outcome
    }

    /// What was wrong before, from this source, is forgiven.
    fn right(self) {
        for key in &self.taken {
            if matches!(key, Key::AccountFrom(..)) {
                self.guesses.lock().pop(key);
            } else {
                self.guesses.give_back(*key);
            }
        }
    }

    fn none(self) {
        for key in &self.taken {
            self.guesses.give_back(*key);
        }
    }
}

fn every(pace: Pace) -> TimeDelta {
    TimeDelta::from_std(pace.every.min(Duration::from_hours(24))).expect("a day is a time")
}

fn at_most(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::program::Refusal;

    struct Story {
        guesses: Guesses,
        seconds: Arc<AtomicI64>,
    }

    const ANNA: &str = "anna@example.com";

    impl Story {
        fn new() -> Self {
            let seconds = Arc::new(AtomicI64::new(1_000_000));
            let hands = seconds.clone();
            let now = move || {
                let seconds = hands.load(Ordering::SeqCst);
                DateTime::from_timestamp(seconds, 0).unwrap()
            };
            Self {
                guesses: Guesses::new(Limits::default(), Clock::from_fn(now)),
                seconds,
            }
        }

        fn later(&self, seconds: i64) {
            self.seconds.fetch_add(seconds, Ordering::SeqCst);
        }

        /// Tries, from a house of the street, and tells for how many seconds it is held up.
        fn tries(&self, who: &str, house: u8, right: bool, at_home: bool) -> Option<u64> {
            let account = Account::of(who);
            match self.guesses.sign_in(account, &from(house), at_home) {
                Ok(guess) => {
                    let _ = guess.judge(if right { Ok(()) } else { Err(wrong()) });
                    None
                }
                Err(Error::RateLimited { retry_after }) => Some(retry_after.as_secs()),
                Err(other) => panic!("{other}"),
            }
        }
    }

    fn from(house: u8) -> Origin {
        Origin {
            address: Some(IpAddr::from([192, 0, 2, house])),
            ..Origin::default()
        }
    }

    fn wrong() -> Error {
        Refusal::from(Reason::InvalidCredentials).into()
    }

    #[test]
    fn five_wrong_ones_and_then_one_a_minute() {
        let story = Story::new();
        for _ in 0..5 {
            assert_eq!(story.tries(ANNA, 1, false, false), None);
        }
        assert_eq!(story.tries(ANNA, 1, true, false), Some(60));
        // Another account, and the same one from another house, are not held up.
        assert_eq!(story.tries("bert@example.com", 1, false, false), None);
        assert_eq!(story.tries(ANNA, 2, false, false), None);
        story.later(59);
        assert_eq!(story.tries(ANNA, 1, false, false), Some(1));
        story.later(1);
        assert_eq!(story.tries(ANNA, 1, false, false), None);
        assert_eq!(story.tries(ANNA, 1, false, false), Some(60));
    }

    #[test]
    fn the_right_one_forgives_those_before_it_from_its_source_only() {
        let story = Story::new();
        for house in [1, 2] {
            for _ in 0..4 {
                assert_eq!(story.tries(ANNA, house, false, false), None);
            }
        }
        assert_eq!(story.tries(ANNA, 1, true, false), None);
        for _ in 0..5 {
            assert_eq!(story.tries(ANNA, 1, false, false), None);
        }
        assert_eq!(story.tries(ANNA, 2, false, false), None);
        assert_eq!(story.tries(ANNA, 2, false, false), Some(60));
    }

    #[test]
    fn an_account_under_attack_is_slow_for_strangers_and_open_to_its_holder_at_home() {
        let story = Story::new();
        for house in 0..20 {
            assert_eq!(story.tries(ANNA, house, false, false), None);
        }
        assert_eq!(story.tries(ANNA, 100, false, false), Some(1));
        assert!(story.guesses.holds_up(Account::of(ANNA)));
        let mut held_up = Vec::new();
        for house in 21..33 {
            let wait = story.tries(ANNA, house, false, false).unwrap();
            story.later(i64::try_from(wait).unwrap());
            assert_eq!(story.tries(ANNA, house, false, false), None);
            held_up.push(wait);
        }
        assert_eq!(held_up, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(story.tries(ANNA, 101, true, false), Some(900));
        assert_eq!(story.tries(ANNA, 101, true, true), None);
        // And it does not last.
        story.later(900);
        assert_eq!(story.tries(ANNA, 102, true, false), None);
    }

    #[test]
    fn a_source_has_thirty_and_what_is_right_or_was_no_guess_costs_it_nothing() {
        let story = Story::new();
        for n in 0..100 {
            assert_eq!(
                story.tries(&format!("{n}@example.com"), 1, true, false),
                None
            );
            let guess = story.guesses.guess(&from(1)).unwrap();
            let _ = guess.judge::<()>(Err(Error::Overloaded));
        }
        for n in 0..30 {
            assert_eq!(
                story.tries(&format!("{n}@example.com"), 1, false, false),
                None
            );
        }
        assert_eq!(story.tries("c@example.com", 1, false, false), Some(10));
        assert!(story.guesses.guess(&from(1)).is_err());
        assert!(story.guesses.guess(&from(2)).is_ok());
    }

    #[test]
    fn newcomers_count_whatever_becomes_of_them() {
        let story = Story::new();
        for _ in 0..20 {
            story.guesses.newcomer(&from(1)).unwrap();
        }
        let Err(Error::RateLimited { retry_after }) = story.guesses.newcomer(&from(1)) else {
            panic!("the 21st is one too many");
        };
        assert_eq!(retry_after.as_secs(), 180);
        story.guesses.newcomer(&from(2)).unwrap();
        assert!(story.guesses.guess(&from(1)).is_ok());
    }

    #[test]
    fn this_process_itself_is_not_counted() {
        let story = Story::new();
        for _ in 0..100 {
            story.guesses.newcomer(&Origin::default()).unwrap();
        }
    }
}
