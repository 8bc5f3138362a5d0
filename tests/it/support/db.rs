//! A database of each test's own, migrated: a copy of a template that the test process makes once.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use agent_program::store::Db;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// A test's own database. It goes when this goes.
pub struct TestDb {
    pub db: Db,
    pub url: String,
    place: Place,
}

enum Place {
    Folder(#[expect(dead_code, reason = "held to be removed at the end")] TempDir),
    Postgres(String),
    Elsewhere,
}

impl TestDb {
    /// On a SQLite file.
    pub async fn sqlite() -> Self {
        static TEMPLATE: OnceCell<PathBuf> = OnceCell::const_new();
        let template = TEMPLATE.get_or_init(sqlite_template).await;
        let folder = TempDir::new().expect("a temporary folder");
        let file = folder.path().join("test.db");
        std::fs::copy(template, &file).expect("a copy of the template");
        Self::open(sqlite_url(&file), Place::Folder(folder)).await
    }

    /// On the `PostgreSQL` that `TEST_PG_URL` names.
    pub async fn postgres() -> Self {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        let template = TEMPLATE.get_or_init(postgres_template).await;
        let name = postgres_name("test");
        administrate(&format!(
            r#"CREATE DATABASE "{name}" TEMPLATE "{template}""#
        ))
        .await;
        Self::open(postgres_url(&name), Place::Postgres(name)).await
    }

    /// On whatever this URL names, which stays when this goes.
    pub async fn at(url: &str) -> Self {
        let test = Self::open(url.to_owned(), Place::Elsewhere).await;
        test.db.migrate_up().await.expect("the migrations");
        test
    }

    /// On SQLite, without any table yet.
    pub async fn empty_sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let url = sqlite_url(&folder.path().join("test.db"));
        Self::open(url, Place::Folder(folder)).await
    }

    /// On `PostgreSQL`, without any table yet.
    pub async fn empty_postgres() -> Self {
        let name = postgres_name("test");
        administrate(&format!(r#"CREATE DATABASE "{name}""#)).await;
        Self::open(postgres_url(&name), Place::Postgres(name)).await
    }

    /// The same database again, as another process would open it.
    pub async fn open_again(&self) -> Db {
        Db::connect(&self.url, "another test process")
            .await
            .expect("a connection")
    }

    async fn open(url: String, place: Place) -> Self {
        let db = Db::connect(&url, "test").await.expect("a connection");
        Self { db, url, place }
    }
}

// On the whole: so that a closure which uses but a field captures all of it, and the database stays as long.
impl Drop for TestDb {
    fn drop(&mut self) {
        let Place::Postgres(name) = &self.place else {
            return;
        };
        let sql = format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#);
        let server = server();
        // Its own thread: what drops a test cannot wait.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(run(&server, &sql));
        });
        let _ = dropping.join();
    }
}

/// Tells one story on each database.
pub async fn on_both<F: Future<Output = ()>>(story: impl Fn(TestDb) -> F) {
    story(TestDb::sqlite().await).await;
    story(TestDb::postgres().await).await;
}

/// The same, without any table yet.
pub async fn on_both_empty<F: Future<Output = ()>>(story: impl Fn(TestDb) -> F) {
    story(TestDb::empty_sqlite().await).await;
    story(TestDb::empty_postgres().await).await;
}

/// Made once for a schema, by whichever test process comes first; where two do, by both, and the last one stays.
async fn sqlite_template() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("template-{:016x}.db", schema()));
    if file.exists() {
        return file;
    }
    let draft = TempDir::new_in(folder).expect("a temporary folder");
    let made = draft.path().join("template.db");
    let db = Db::connect(&sqlite_url(&made), "template")
        .await
        .expect("a connection");
    db.migrate_up().await.expect("the migrations");
    // The last connection to close brings the write-ahead log into the file.
    db.close().await.expect("closed");
    std::fs::rename(&made, &file).expect("the template in its place");
    file
}

/// Made once for a server and a schema, by whichever test process comes first.
async fn postgres_template() -> String {
    let name = format!("agent_program_template_{:016x}", schema());
    let mut lock = PgConnection::connect(&server())
        .await
        .expect("TEST_PG_URL names a server that can be reached");
    execute(&mut lock, "SELECT pg_advisory_lock(4711)").await;
    let found: Option<(bool,)> =
        sqlx::query_as("SELECT datistemplate FROM pg_database WHERE datname = $1")
            .bind(&name)
            .fetch_optional(&mut lock)
            .await
            .expect("the list of databases");
    if found != Some((true,)) {
        execute(
            &mut lock,
            &format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#),
        )
        .await;
        execute(&mut lock, &format!(r#"CREATE DATABASE "{name}""#)).await;
        let db = Db::connect(&postgres_url(&name), "template")
            .await
            .expect("a connection");
        db.migrate_up().await.expect("the migrations");
        db.close().await.expect("closed");
        drop(db);
        // Whose connections are gone a moment later; nobody is let in from now on.
        execute(
            &mut lock,
            &format!(r#"ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false"#),
        )
        .await;
        execute(
            &mut lock,
            &format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            ),
        )
        .await;
        execute(
            &mut lock,
            &format!(r#"ALTER DATABASE "{name}" WITH IS_TEMPLATE true"#),
        )
        .await;
    }
    lock.close().await.expect("closed");
    name
}

/// What the migrations say, in a number: another schema has another template.
fn schema() -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migration/src");
    let files = std::fs::read_dir(folder).expect("the migrations");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(file).expect("a migration").hash(&mut hasher);
    }
    hasher.finish()
}

async fn administrate(sql: &str) {
    run(&server(), sql).await;
}

async fn run(server: &str, sql: &str) {
    let mut connection = PgConnection::connect(server)
        .await
        .expect("TEST_PG_URL names a server that can be reached");
    execute(&mut connection, sql).await;
    connection.close().await.expect("closed");
}

async fn execute(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn server() -> String {
    std::env::var("TEST_PG_URL").expect(
        "TEST_PG_URL is not set: run the tests by `scripts/postgres.sh cargo nextest run`, or name a PostgreSQL 15 of \
         your own, with the right to create databases",
    )
}

fn postgres_url(name: &str) -> String {
    let server = server();
    let (before, query) = server.split_once('?').unwrap_or((&server, ""));
    let (host, _) = before
        .rsplit_once('/')
        .expect("TEST_PG_URL names a database");
    format!("{host}/{name}?{query}")
}

fn postgres_name(kind: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{kind}_{}_{count}", process::id())
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}
