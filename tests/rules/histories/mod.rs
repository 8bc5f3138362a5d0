//! Random histories: every command with plausible and with wrong input, on books held from the first to the last.
//!
//! After each step all that `program.md`, section 4, says of the books is proved by a plain model that shares no
//! arithmetic with them: sums of entries in `i128`, exact commission in 1/100000000, money followed roll by roll as
//! things happen to it, and each transaction that comes after the fact foretold before it is looked at.
//!
//! | rule | what proves it |
//! |---|---|
//! | 1 | `Model::transaction`: each transaction sums to zero; `Model::balances`: so do all accounts |
//! | 2 | `Model::entry`: the balance after it and the version, without a gap; `Model::balances`: the rows are the sums |
//! | 3 | `Model::follow` reads what was added and nothing else; that no row changes is the database's, in `tests/it/store` |
//! | 4 | `Model::commission`, `Model::clawback`, `Model::bonus`: each row in the chain of carries; `Model::balances`: the sums |
//! | 5 | `due` in `charges.rs`: whom, and the rate of its time; E07: a clawback is its EARNED row at its own rate |
//! | 6 | `Model::take_back`, `Model::refund`, `Model::held`: no more than was earned, or charged |
//! | 7 | `Model::entry`: who may owe, by the kind of the transaction and its rows |
//! | 8 | `Model::payouts` |
//! | 9 | what is posted again, the same or altered (E30); keys are the ledger's, in `tests/it/idempotency.rs` |
//! | 10 | `listed` in `charges.rs` |
//! | 11 | `Model::affiliations` |
//! | 12, 13 | are of what is read: `tests/it/statements.rs`, `tests/it/strangers` |
//!
//! Besides: what is held, row by row (`Model::held`); reports (`Model::charges_once`); what owners and the desk are told
//! (`events.rs`); that a refusal changes nothing, that what was done can be undone, and that no command needs more than it
//! says (`History::decide`).
//!
//! `AGENT_PROGRAM_HISTORIES` says how many, `AGENT_PROGRAM_SEED` which: a history that fails names its seed, which then
//! becomes a test of its own. Ten million steps: `CONTRIBUTING.md`.

mod afterwards;
mod cases;
mod charges;
mod events;
mod expected;
mod history;
mod loader;
mod model;
mod moves;
mod oracle;
mod picture;
mod population;
mod purses;
mod requests;
mod standing;
mod steps;
mod switches;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use crate::chance::{base_seed, setting};
use history::{History, Tally};
pub use picture::Picture;

const STEPS: i64 = 64;

/// How many without another word: 102,400 steps.
const HISTORIES: u64 = 1_600;

/// A long run tells how far it is, every so many.
const PROGRESS: u64 = 1_000;

#[test]
fn whatever_happens_the_books_hold() {
    let base = base_seed();
    let count = setting("AGENT_PROGRAM_HISTORIES").unwrap_or(HISTORIES);
    println!("AGENT_PROGRAM_SEED={base} AGENT_PROGRAM_HISTORIES={count}");
    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    let tally = thread::scope(|scope| {
        let shares: Vec<_> = (0..threads)
            .map(|share| {
                let seeds = (share..count).step_by(usize::try_from(threads).expect("few"));
                scope.spawn(move || {
                    let mut tally = Tally::default();
                    for seed in seeds {
                        tally.add(&told(base.wrapping_add(seed)));
                        if (seed + 1) % PROGRESS == 0 {
                            let steps = (seed + 1) * STEPS.unsigned_abs();
                            eprintln!("{} histories, {steps} steps", seed + 1);
                        }
                    }
                    tally
                })
            })
            .collect();
        let mut all = Tally::default();
        for share in shares {
            all.add(&share.join().expect("a history failed: see above"));
        }
        all
    });
    println!("{tally}");
    // Enough happened that the proof is worth something.
    if count >= 1_000 {
        tally.must_be_rich(count);
    }
}

/// One history; where it fails, once more, aloud.
fn told(seed: u64) -> Tally {
    let tell = |aloud| catch_unwind(AssertUnwindSafe(|| History::new(seed, aloud).run(STEPS)));
    tell(false).unwrap_or_else(|_| {
        eprintln!("AGENT_PROGRAM_SEED={seed} AGENT_PROGRAM_HISTORIES=1 failed, and again:");
        let again = tell(true);
        assert!(again.is_err(), "it failed once and then not");
        panic!("AGENT_PROGRAM_SEED={seed} AGENT_PROGRAM_HISTORIES=1")
    })
}
