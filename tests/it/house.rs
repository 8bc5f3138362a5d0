//! The house's own law, read from its source: which floor knows which, and where a line is at home.
//!
//! `ARCHITECTURE.md` says why. Paths are read as text, not by a compiler: `crate::…` and `super::…`, in `use` lines and
//! elsewhere, followed through the re-exports of `mod.rs` and `lib.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The floors from the bottom up. Who stands on one knows those below it, and not its neighbours.
const FLOORS: &[&[&str]] = &[
    &["program"],
    &["store"],
    &["auth", "ledger"],
    &["payments"],
    &["live", "registry", "sheets"],
    &["demo"],
    &["graphql"],
    &["http"],
    &["app", "main"],
];

/// Whom every floor may know. They themselves know no more than the lowest floor does.
const EVERYWHERE: &[&str] = &["clock", "config", "error"];

/// What has one home: the word, and the beginnings of the paths where it may stand.
const HOMES: &[(&str, &[&str])] = &[
    ("Utc::now", &["src/clock.rs"]),
    ("SystemTime::now", &[]),
    (
        "async_graphql",
        &["src/graphql/", "src/http/", "src/app.rs"],
    ),
    ("axum::", &["src/http/", "src/app.rs", "src/main.rs"]),
];

/// What the rules never know: a database, a wait, chance, and the doors.
const NEVER_IN_PROGRAM: &[&str] = &[
    "sea_orm",
    "sqlx",
    "tokio",
    "async ",
    "rand::",
    "now_v7",
    "serde_json",
];

struct Source {
    /// From the repository's root, with slashes: `src/ledger/writer.rs`.
    path: String,
    /// Without comments, and without the unit tests at its end.
    code: String,
    text: String,
}

impl Source {
    /// Where it stands in its crate: `["ledger", "writer"]`, and nothing for `lib.rs`.
    fn module(&self) -> Vec<String> {
        let inside = self
            .path
            .split_once("src/")
            .expect("sources stand in src")
            .1;
        let mut module: Vec<String> = inside
            .trim_end_matches(".rs")
            .split('/')
            .map(Into::into)
            .collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
            module.pop();
        }
        module
    }

    fn lists_only(&self) -> bool {
        self.path.ends_with("/mod.rs") || self.path.ends_with("/lib.rs")
    }
}

fn read(folder: &str) -> Vec<Source> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the source is there") {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join(folder), &mut found);
    found.sort();
    found
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(&file).expect("a source file is text");
            let tested = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
            let code = text[..tested]
                .lines()
                .map(without_comment)
                .collect::<Vec<_>>()
                .join("\n");
            let path = file
                .strip_prefix(root)
                .expect("below the root")
                .to_string_lossy()
                .replace('\\', "/");
            Source { path, code, text }
        })
        .collect()
}

fn without_comment(line: &str) -> &str {
    let comment = line
        .match_indices("//")
        .find(|(at, _)| line[..*at].matches('"').count().is_multiple_of(2));
    comment.map_or(line, |(at, _)| &line[..at])
}

/// The server's own crate. Fails rather than find nothing.
fn server() -> Vec<Source> {
    let sources = read("src");
    assert!(
        sources.len() > 12,
        "only {} files found: is this the right folder?",
        sources.len()
    );
    sources
}

/// All three crates.
fn house() -> Vec<Source> {
    let mut sources = server();
    sources.extend(read("entity/src"));
    sources.extend(read("migration/src"));
    assert!(
        sources.len() > 45,
        "only {} files found: is this the right folder?",
        sources.len()
    );
    sources
}

/// A path tree as `use` writes it, flat: `a::{b, c::{self, d}}` is `a::b`, `a::c`, `a::c::d`. Reads until the tree ends.
fn flatten(text: &str) -> (Vec<Vec<String>>, usize) {
    let mut path = Vec::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        if rest.starts_with('{') {
            at += 1;
            let mut paths = Vec::new();
            loop {
                at += text[at..].len() - text[at..].trim_start_matches([' ', '\n', ',']).len();
                if at >= text.len() || text[at..].starts_with('}') {
                    break;
                }
                let (inner, length) = flatten(&text[at..]);
                at += length.max(1);
                if let Some(alias) = text[at..].strip_prefix(" as ") {
                    at += 4 + alias.find([',', '}', ' ', '\n']).unwrap_or(alias.len());
                }
                for tail in inner {
                    let tail = tail.into_iter().filter(|name| name != "self");
                    paths.push(path.iter().cloned().chain(tail).collect());
                }
            }
            return (paths, at + 1);
        }
        let name = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        path.push(rest[..name].to_owned());
        at += name;
        if text[at..].starts_with("::") {
            at += 2;
        } else {
            path.retain(|name| !name.is_empty());
            return (vec![path], at);
        }
    }
}

/// Every path into the own crate, from its root: what `crate::` and `super::` stand for.
fn paths(source: &Source) -> Vec<Vec<String>> {
    let module = source.module();
    let mut found = Vec::new();
    for (start, parent) in [("crate::", None), ("super::", Some(1)), ("self::", Some(0))] {
        for (at, _) in source.code.match_indices(start) {
            let before = source.code[..at].chars().next_back().unwrap_or(' ');
            if before.is_alphanumeric()
                || before == '_'
                || before == '$'
                || source.code[..at].ends_with("super::")
            {
                continue;
            }
            let mut rest = &source.code[at + start.len()..];
            let mut up = parent.unwrap_or(module.len());
            while let Some(further) = rest.strip_prefix("super::") {
                rest = further;
                up += 1;
            }
            // `super` of `mod.rs` is the folder above, as its module is the folder's.
            let base = &module[..module.len().saturating_sub(up)];
            found.extend(
                flatten(rest)
                    .0
                    .into_iter()
                    .map(|path| base.iter().cloned().chain(path).collect()),
            );
        }
    }
    found
}

/// Which file a path ends in: through re-exports where there are some, else the deepest module on the way.
struct Map<'a> {
    files: BTreeMap<Vec<String>, &'a Source>,
    exports: BTreeMap<Vec<String>, Vec<String>>,
}

impl<'a> Map<'a> {
    fn of(sources: &'a [Source]) -> Self {
        let files: BTreeMap<_, _> = sources
            .iter()
            .map(|source| (source.module(), source))
            .collect();
        let mut exports = BTreeMap::new();
        for source in sources.iter().filter(|source| source.lists_only()) {
            let module = source.module();
            for (at, start) in source.code.match_indices("pub use ") {
                for path in flatten(&source.code[at + start.len()..]).0 {
                    let own = match path.first().map(String::as_str) {
                        Some("self") => [&module[..], &path[1..]].concat(),
                        Some("crate") => path[1..].to_vec(),
                        _ => [&module[..], &path[..]].concat(),
                    };
                    let name = path.last().cloned().unwrap_or_default();
                    exports.insert([&module[..], &[name]].concat(), own);
                }
            }
        }
        Self { files, exports }
    }

    fn file(&self, path: &[String]) -> Option<&'a Source> {
        let mut path = path.to_vec();
        for _ in 0..4 {
            let known = (0..=path.len())
                .rev()
                .find_map(|length| self.exports.get(&path[..length]));
            match known {
                Some(target) if *target != path => path.clone_from(target),
                _ => break,
            }
        }
        (1..=path.len())
            .rev()
            .find_map(|length| self.files.get(&path[..length]).copied())
    }
}

fn floor(path: &str) -> Option<usize> {
    let name = path.strip_prefix("src/")?.split(['/', '.']).next()?;
    FLOORS.iter().position(|floor| floor.contains(&name))
}

fn name_of(path: &str) -> &str {
    path.trim_start_matches("src/")
        .split(['/', '.'])
        .next()
        .unwrap_or_default()
}

/// Who imports whom, by path.
fn imports(sources: &[Source]) -> BTreeMap<&str, BTreeSet<&str>> {
    let map = Map::of(sources);
    let mut imports: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.path != "src/lib.rs") {
        for path in paths(source) {
            if let Some(target) = map.file(&path).filter(|target| target.path != source.path) {
                imports
                    .entry(&source.path)
                    .or_default()
                    .insert(&target.path);
            }
        }
    }
    imports
}

#[test]
fn imports_run_down_only() {
    let sources = server();
    let mut faults = Vec::new();
    for (source, targets) in imports(&sources) {
        let everywhere = EVERYWHERE.contains(&name_of(source));
        let Some(from) = floor(source).or(everywhere.then_some(0)) else {
            faults.push(format!("{source} stands on no floor"));
            continue;
        };
        for target in targets {
            let allowed = EVERYWHERE.contains(&name_of(target))
                || name_of(source) == name_of(target)
                || floor(target).is_some_and(|to| to < from || (everywhere && to == 0));
            if !allowed {
                faults.push(format!("{source} imports {target}"));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    fn walk<'a>(
        file: &'a str,
        imports: &BTreeMap<&'a str, BTreeSet<&'a str>>,
        way: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
        circles: &mut Vec<String>,
    ) {
        if let Some(at) = way.iter().position(|step| *step == file) {
            circles.push(format!("{} → {file}", way[at..].join(" → ")));
            return;
        }
        if !done.insert(file) {
            return;
        }
        way.push(file);
        for target in imports.get(file).into_iter().flatten() {
            walk(target, imports, way, done, circles);
        }
        way.pop();
    }
    let sources = server();
    let mut imports = imports(&sources);
    // `mod.rs` lists its files, which is no import, and is followed where it re-exports.
    imports.retain(|source, _| !source.ends_with("/mod.rs"));
    let (mut done, mut circles) = (BTreeSet::new(), Vec::new());
    for file in imports.keys() {
        walk(file, &imports, &mut Vec::new(), &mut done, &mut circles);
    }
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

#[test]
fn each_word_stays_at_home() {
    let mut faults = Vec::new();
    for source in house() {
        for (word, homes) in HOMES {
            if source.code.contains(word) && !homes.iter().any(|home| source.path.starts_with(home))
            {
                faults.push(format!("{} says {word}", source.path));
            }
        }
        let never: &[&str] = match source.path.split_once("/src/").map(|(name, _)| name) {
            None if source.path.starts_with("src/program/") => NEVER_IN_PROGRAM,
            // What landed never changes meaning, so history knows no type that may.
            Some("migration") => &["use entity"],
            _ => &[],
        };
        let said = never.iter().filter(|word| source.code.contains(**word));
        faults.extend(said.map(|word| format!("{} says {word}", source.path)));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let long: Vec<_> = house()
        .into_iter()
        .filter(|source| source.text.lines().count() > 500)
        .map(|source| format!("{}: {} lines", source.path, source.text.lines().count()))
        .collect();
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}

#[test]
fn a_mod_file_lists_and_re_exports() {
    let faults: Vec<_> = server()
        .into_iter()
        .filter(Source::lists_only)
        .flat_map(|source| {
            let items = ["fn ", "struct ", "enum ", "impl ", "impl<", "trait "];
            let lines = source.code.lines().filter(|line| {
                let line = line
                    .trim_start()
                    .trim_start_matches("pub ")
                    .trim_start_matches("async ");
                items.iter().any(|item| line.starts_with(item))
            });
            lines
                .map(|line| format!("{}: {line}", source.path))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_public_item_says_what_it_is() {
    let items = [
        "fn ", "struct ", "enum ", "trait ", "type ", "const ", "static ",
    ];
    let mut faults = Vec::new();
    for source in house() {
        let lines: Vec<&str> = source
            .text
            .lines()
            .take(source.code.lines().count())
            .map(str::trim)
            .collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(item) = line.strip_prefix("pub ") else {
                continue;
            };
            let item = ["async ", "unsafe "]
                .iter()
                .fold(item, |item, word| item.trim_start_matches(word));
            // A row and a migration are their files, which say it in their first lines.
            let itself = source.path.starts_with("entity/") && item == "struct Model {"
                || source.path.starts_with("migration/") && item == "struct Migration;";
            if itself || !items.iter().any(|kind| item.starts_with(kind)) {
                continue;
            }
            let mut above = lines[..at].iter().rev();
            let described = loop {
                match above.next() {
                    Some(line) if line.starts_with("///") || line.starts_with("$(#") => break true,
                    // An attribute, perhaps of several lines.
                    Some(line) if line.starts_with("#[") && line.ends_with(']') => {}
                    Some(line) if line.ends_with(")]") => {
                        above.by_ref().find(|line| line.starts_with("#["));
                    }
                    _ => break false,
                }
            };
            if !described {
                faults.push(format!("{}:{}: {line}", source.path, at + 1));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn the_reader_reads_paths_as_the_compiler_does() {
    let flat = |text: &str| {
        flatten(text)
            .0
            .iter()
            .map(|path| path.join("::"))
            .collect::<Vec<_>>()
    };
    assert_eq!(flat("a::b;"), ["a::b"]);
    assert_eq!(
        flat("a::{b, c::{self, d},\n    e as f};"),
        ["a::b", "a::c", "a::c::d", "a::e"]
    );
    assert_eq!(flat("{a, b::C}"), ["a", "b::C"]);
    let source = Source {
        path: "src/ledger/writer.rs".into(),
        code: "use super::books::Books;\nuse crate::{clock, store::Db};\nuse super::super::error;"
            .into(),
        text: String::new(),
    };
    let found: BTreeSet<_> = paths(&source).iter().map(|path| path.join("::")).collect();
    let expected = ["ledger::books::Books", "clock", "store::Db", "error"].map(String::from);
    assert_eq!(found, BTreeSet::from(expected));
}
