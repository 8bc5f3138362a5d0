//! What the fuzzers do (`scripts/fuzz.sh`), on a few thousand inputs that are the same at each run: their seeds, what they
//! once found among them, and seeds that were cut and mixed.

mod documents;
mod money;

use std::path::Path;

use crate::support::dice::Dice;

/// All seeds of a target.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder of seeds")
        .map(|file| file.expect("a file").path())
        .collect();
    files.sort();
    assert!(files.len() > 5, "{target} has seeds");
    files
        .iter()
        .map(|file| std::fs::read(file).expect("a seed"))
        .collect()
}

fn below(dice: &mut Dice, end: usize) -> usize {
    let end = u64::try_from(end.max(1)).expect("it is small");
    usize::try_from(dice.below(end)).expect("it is small")
}

/// Seeds, cut and mixed: a piece of one in the place of a piece of another.
fn mixed(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut input = seeds[below(dice, seeds.len())].clone();
    for _ in 0..=below(dice, 3) {
        let other = &seeds[below(dice, seeds.len())];
        let (from, to) = (below(dice, other.len()), below(dice, 12));
        let piece = other[from..(from + to).min(other.len())].to_vec();
        let (begin, length) = (below(dice, input.len()), below(dice, 12));
        let end = (begin + length).min(input.len());
        input.splice(begin..end, piece);
    }
    input
}

fn run(target: &str, count: usize, judge: fn(&[u8])) {
    let seeds = seeds(target);
    for seed in &seeds {
        judge(seed);
    }
    let mut dice = Dice::new(2_026);
    for _ in 0..count {
        let input = mixed(&mut dice, &seeds);
        let shown = String::from_utf8_lossy(&input).into_owned();
        let judged = std::panic::catch_unwind(|| judge(&input));
        assert!(judged.is_ok(), "{shown:?}");
    }
}

#[test]
fn whatever_comes_as_a_document_is_judged_and_runs_as_it_was_judged() {
    run("documents", 2_000, documents::judge);
}

#[test]
fn whatever_comes_as_an_amount_is_read_exactly_or_not_at_all() {
    run("money", 20_000, money::read);
}
