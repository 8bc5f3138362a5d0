//! A `PostgreSQL` of the storm's own, that can crash.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use sqlx::{Connection, PgConnection};

/// It ends with this.
pub struct Cluster {
    process: Child,
    says: Option<ChildStdin>,
    heard: BufReader<ChildStdout>,
    pub url: String,
}

impl Cluster {
    /// Starts one that waits for its disk: what it said is done survives a crash.
    pub fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/postgres.sh");
        let mut process = Command::new(script)
            .args(["--durable", "--restarts"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the script");
        let says = process.stdin.take();
        let heard = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut cluster = Self {
            process,
            says,
            heard,
            url: String::new(),
        };
        cluster.url = cluster.line();
        cluster
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.heard.read_line(&mut line).expect("a line");
        line.trim().to_owned()
    }

    /// Crashes, and comes back.
    pub fn restart(&mut self) {
        let says = self.says.as_mut().expect("it is open");
        writeln!(says, "restart").expect("the script reads");
        assert_eq!(self.line(), "restarted");
    }

    /// Cuts everybody's connections.
    pub async fn cut(&self) {
        let mut connection = PgConnection::connect(&self.url)
            .await
            .expect("a connection");
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'";
        sqlx::raw_sql(sql)
            .execute(&mut connection)
            .await
            .expect("all are told to go");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // It ends when nobody has more to say to it.
        self.says = None;
        let _ = self.process.wait();
    }
}
