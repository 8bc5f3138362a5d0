//! Random histories: every command with plausible and with wrong input, on books held from the first to the last.
//!
//! After each step all that `program.md`, section 4, says of the books is proved by a plain model that shares no
//! arithmetic with them. `AGENT_PROGRAM_HISTORIES` says how many, `AGENT_PROGRAM_SEED` which.

mod charges;
mod events;
mod history;
mod loader;
mod model;
mod moves;
mod oracle;
mod picture;
mod population;
mod requests;
mod standing;
mod steps;
mod switches;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use crate::chance::{base_seed, setting};
use history::{History, Tally};
pub use picture::Picture;

const STEPS: i64 = 32;

#[test]
fn whatever_happens_the_books_hold() {
    let base = base_seed();
    let count = setting("AGENT_PROGRAM_HISTORIES").unwrap_or(2_000);
    println!("AGENT_PROGRAM_SEED={base} AGENT_PROGRAM_HISTORIES={count}");
    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    let tally = thread::scope(|scope| {
        let shares: Vec<_> = (0..threads)
            .map(|share| {
                let seeds = (share..count).step_by(usize::try_from(threads).expect("few"));
                scope.spawn(move || {
                    let mut tally = Tally::default();
                    seeds.for_each(|seed| tally.add(&told(base.wrapping_add(seed))));
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
