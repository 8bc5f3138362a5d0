//! A copy of the books, taken while they are written, is right, and holds what was answered before it began.

use std::path::PathBuf;
use std::process::Command;

use agent_program::ledger::Checkpoint;
use agent_program::ledger::check::{check, check_since};
use agent_program::store::{Db, NoBackup, backup};
use tempfile::TempDir;

use super::world::World;
use crate::support::db::TestDb;

/// Proves a copy, and that it goes on from the checkpoint.
async fn prove(world: &World, copy: &Db, noted: &Checkpoint, at_least: i64) {
    let found = check(copy, &world.terms, world.clock.now(), |_| {})
        .await
        .unwrap();
    assert_eq!(found.violations, []);
    assert!(
        found.transactions >= at_least,
        "{} of {at_least}",
        found.transactions
    );
    let later = check_since(copy, noted, world.clock.now(), |_| {})
        .await
        .unwrap();
    assert_eq!(later.violations, []);
}

#[tokio::test]
async fn a_backup_under_load_is_right_and_holds_all_that_was_answered_before_it() {
    let test = TestDb::sqlite().await;
    let world = World::busy(test.db.clone()).await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("books.db");
    world.calls(30).await;
    let before = world.check().await;
    let writing = async {
        for _ in 0..20 {
            world.calls(9).await;
        }
    };
    let (bytes, ()) = tokio::join!(backup(&test.url, &file, |_, _| {}), writing);
    assert_eq!(bytes.unwrap(), std::fs::metadata(&file).unwrap().len());
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let copy = Db::connect(&format!("sqlite://{}", file.display()), "copy")
        .await
        .unwrap();
    prove(&world, &copy, &before.checkpoint, before.transactions).await;
    copy.close().await.unwrap();
    // What was posted meanwhile is not missing from the original.
    assert_eq!(world.check().await.violations, []);
}

#[tokio::test]
async fn a_backup_writes_over_nothing_and_leaves_nothing_where_it_fails() {
    let test = TestDb::sqlite().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("books.db");
    std::fs::write(&file, "mine").unwrap();
    let refused = backup(&test.url, &file, |_, _| {}).await;
    assert!(matches!(refused, Err(NoBackup::Exists(_))), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");

    let nowhere = format!("sqlite://{}", folder.path().join("none.db").display());
    let to = folder.path().join("copy.db");
    let refused = backup(&nowhere, &to, |_, _| {}).await;
    assert!(matches!(refused, Err(NoBackup::Database(_))), "{refused:?}");
    let refused = backup(&test.url, &folder.path().join("no/copy.db"), |_, _| {}).await;
    assert!(matches!(refused, Err(NoBackup::File { .. })), "{refused:?}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn for_postgres_the_command_says_what_to_run_instead() {
    let said = Command::new(env!("CARGO_BIN_EXE_agent-program"))
        .env_clear()
        .args([
            "--database-url",
            "postgres://nobody@localhost/nothing",
            "backup",
            "books.dump",
        ])
        .output()
        .unwrap();
    assert!(!said.status.success());
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(
        said.contains("pg_dump --format=custom --file=books.dump"),
        "{said}"
    );
}

/// A program of `PostgreSQL`'s own: on the path, or the newest that is installed.
fn postgres_program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql");
    let mut installed: Vec<_> = versions
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin").join(name)))
        .filter(|program| program.exists())
        .collect();
    installed.sort();
    installed.pop().unwrap_or_else(|| name.into())
}

fn run(program: &str, arguments: &[&str]) {
    let done = Command::new(postgres_program(program))
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program}: {said}");
}

#[tokio::test]
async fn what_pg_dump_copies_pg_restore_brings_back_and_it_is_right() {
    let test = TestDb::postgres().await;
    let world = World::busy(test.db.clone()).await;
    let before = world.check().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("books.dump").display().to_string();
    let url = test.url.clone();
    let dumping = tokio::task::spawn_blocking({
        let file = file.clone();
        move || run("pg_dump", &["--format=custom", "--file", &file, &url])
    });
    let writing = async {
        for _ in 0..10 {
            world.calls(9).await;
        }
    };
    let (dumped, ()) = tokio::join!(dumping, writing);
    dumped.unwrap();

    let copy = TestDb::empty_postgres().await;
    run(
        "pg_restore",
        &["--exit-on-error", "--dbname", &copy.url, &file],
    );
    prove(&world, &copy.db, &before.checkpoint, before.transactions).await;
    // What the database itself refuses, the copy refuses too.
    let txn = copy.db.begin_write().await.unwrap();
    let refused =
        sea_orm::ConnectionTrait::execute_unprepared(&txn, "DELETE FROM chain_link").await;
    assert!(refused.unwrap_err().to_string().contains("append-only"));
    txn.rollback().await.unwrap();
    // The server goes on where the books ended.
    assert!(
        copy.db
            .migration_status()
            .await
            .unwrap()
            .iter()
            .all(|(_, applied)| *applied)
    );
}
