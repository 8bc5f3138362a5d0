//! Requests over so many connections, each as soon as its last one is answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::body::mixed;
use super::outcome::{AskingOutcome, Fault, Tally};
use super::scenario::{Asking, Kind};
use super::wire::Wire;

pub async fn run(asking: Asking) -> Result<AskingOutcome, Fault> {
    let asking = Arc::new(asking);
    let mut wires = Vec::new();
    for _ in 0..asking.connections {
        wires.push(Wire::open(&asking.url).await?);
    }
    let sent = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let until = asking
        .seconds
        .map(|seconds| begun + Duration::from_secs_f64(seconds));
    let askers = wires.into_iter().map(|wire| {
        let (asking, sent) = (Arc::clone(&asking), Arc::clone(&sent));
        tokio::spawn(ask(wire, asking, sent, until))
    });
    let askers: Vec<_> = askers.collect();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for asker in askers {
        for (name, tally) in asker.await? {
            tallies.entry(name).or_insert_with(Tally::new).add(tally);
        }
    }
    let kinds = tallies
        .into_iter()
        .map(|(name, tally)| (name, tally.told()))
        .collect();
    Ok(AskingOutcome {
        seconds: begun.elapsed().as_secs_f64(),
        sent: sent.load(Ordering::Relaxed),
        kinds,
    })
}

async fn ask(
    mut wire: Wire,
    asking: Arc<Asking>,
    sent: Arc<AtomicU64>,
    until: Option<Instant>,
) -> BTreeMap<String, Tally> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    loop {
        if until.is_some_and(|until| Instant::now() >= until) {
            return tallies;
        }
        let nth = sent.fetch_add(1, Ordering::Relaxed);
        if asking.requests.is_some_and(|most| nth >= most) {
            sent.fetch_sub(1, Ordering::Relaxed);
            return tallies;
        }
        let number = asking.first + nth * asking.step;
        let kind = kind_of(&asking.kinds, number);
        let begun = Instant::now();
        let answer = wire.ask(kind, number).await;
        let taken = begun.elapsed();
        let tally = tallies.entry(kind.name.clone()).or_insert_with(Tally::new);
        match answer {
            Ok(()) => {
                tally.right += 1;
                tally.times.note(taken);
            }
            Err(wrong) => {
                tally.wrong += 1;
                tally.first_wrong.get_or_insert(wrong);
                // A connection that is gone is had anew; where there is none, this one asks no more.
                match Wire::open(&asking.url).await {
                    Ok(anew) => wire = anew,
                    Err(_) => return tallies,
                }
            }
        }
    }
}

/// The same number always is of the same kind.
pub fn kind_of(kinds: &[Kind], number: u64) -> &Kind {
    let all: u64 = kinds.iter().map(|kind| kind.weight).sum();
    // Another part of the number than lists are picked by.
    let mut drawn = mixed(number ^ 0x5bd1_e995) % all.max(1);
    for kind in kinds {
        if drawn < kind.weight {
            return kind;
        }
        drawn -= kind.weight;
    }
    &kinds[0]
}
