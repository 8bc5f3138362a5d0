//! The codes of errors: those that the README lists are those that there are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use agent_program::graphql::fault::code;

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file of ours")
}

fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

/// All Rust files below a folder, by their paths.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of ours") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                found.push((path.clone(), text(&path)));
            }
        }
    }
    found
}

/// The constants of `fault::code`: their names and what they say.
fn known() -> BTreeMap<String, String> {
    let source = text(&root().join("src/graphql/fault.rs"));
    let (_, module) = source.split_once("pub mod code {").expect("it is there");
    let (module, _) = module.split_once("\n}").expect("its end");
    let constants = module.lines().filter_map(|line| {
        let (name, code) = line
            .trim()
            .strip_prefix("pub const ")?
            .split_once(": &str = \"")?;
        Some((name.to_owned(), code.trim_end_matches("\";").to_owned()))
    });
    constants.collect()
}

/// What looks like a code: capitals with an underscore, as a whole string.
fn is_like_a_code(word: &str) -> bool {
    let capital = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    word.len() > 7 && word.contains('_') && word.bytes().all(capital)
}

#[test]
fn the_readme_lists_every_code_and_no_other() {
    let readme = text(&root().join("README.md"));
    let (_, table) = readme
        .split_once("| `extensions.code` |")
        .expect("the table of codes");
    let (table, _) = table.split_once("\n\n").expect("its end");
    let mut listed: Vec<&str> = table
        .lines()
        .skip(2)
        .filter_map(|line| line.split('`').nth(1))
        .collect();
    listed.sort_unstable();
    let mut known: Vec<String> = known().into_values().collect();
    known.sort_unstable();
    assert_eq!(listed, known);
    assert!(known.iter().any(|it| it == code::INTERNAL) && known.len() > 9);
}

#[test]
fn every_code_that_is_sent_is_one_of_the_list() {
    let known = known();
    let mut used: BTreeMap<&str, usize> = known.keys().map(|name| (name.as_str(), 0)).collect();
    for (path, source) in sources("src/http")
        .into_iter()
        .chain(sources("src/graphql"))
    {
        let shown = path.display();
        // What is a code stands in the list, and is named elsewhere: nobody writes another one beside it.
        let door = path.components().any(|it| it.as_os_str() == "http");
        let lists = path.ends_with("graphql/fault.rs") || path.ends_with("documents/sentences.rs");
        let tests = source.find("#[cfg(test)]").unwrap_or(source.len());
        let source = &source[..tests];
        for word in source
            .split('"')
            .skip(1)
            .step_by(2)
            .filter(|_| door && !lists)
        {
            assert!(!is_like_a_code(word), "{shown}: {word}");
        }
        for rest in source.split("\"code\"").skip(1) {
            let rest = rest.trim_start_matches([',', ':', ' ']);
            assert!(
                !rest.starts_with('"'),
                "{shown}: a code of its own: {rest:.60}"
            );
        }
        for rest in source.split("code::").skip(1) {
            let end = |it: char| !it.is_ascii_uppercase() && it != '_';
            let name = &rest[..rest.find(end).unwrap_or(rest.len())];
            if let Some(count) = used.get_mut(name) {
                *count += 1;
            }
        }
    }
    let unused: Vec<_> = used.iter().filter(|(_, count)| **count == 0).collect();
    assert!(unused.is_empty(), "listed, and never sent: {unused:?}");
}
