//! Every rule of the program has a story of its own number, through the public schema.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// R01 to R48 are what the program promises, E01 to E35 what it does in cases that the promises leave open.
const RULES: [(char, u8); 2] = [('r', 48), ('e', 35)];

/// The numbers in the names of the stories in these files: `r16_…`, `e07_e08_…`.
fn told(folder: &Path, numbers: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("the stories") {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            told(&path, numbers);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(&path).expect("a file");
            let mut test = false;
            for line in text.lines().map(str::trim) {
                let of_both = line
                    .strip_prefix("on_both")
                    .and_then(|it| it.split_once("!("));
                let alone = line.strip_prefix("async fn ").filter(|_| test);
                test = line.starts_with("#[tokio::test");
                let Some(name) = of_both.map(|(_, name)| name).or(alone) else {
                    continue;
                };
                let number = |word: &&str| {
                    word.len() == 3
                        && word.starts_with(['r', 'e'])
                        && word[1..].bytes().all(|it| it.is_ascii_digit())
                };
                numbers.extend(name.split('_').take_while(number).map(str::to_owned));
            }
        }
    }
}

#[test]
fn every_rule_has_a_story_of_its_number() {
    let stories = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let mut numbers = BTreeSet::new();
    told(&stories, &mut numbers);
    let all: BTreeSet<String> = RULES
        .iter()
        .flat_map(|(letter, last)| (1..=*last).map(move |n| format!("{letter}{n:02}")))
        .collect();
    let missing: Vec<_> = all.difference(&numbers).collect();
    assert!(missing.is_empty(), "no story tells {missing:?}");
    let unknown: Vec<_> = numbers.difference(&all).collect();
    assert!(unknown.is_empty(), "no rule has the number {unknown:?}");
}
