//! The real program as a process: started on a free port, killed when it goes, and asked what it has used.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

/// Longer than any start takes, however busy the machine is.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A process of the server's. It is killed when this goes.
pub struct Server {
    process: Mutex<Child>,
    pub address: String,
}

impl Server {
    /// Starts it on a free port, and waits until it says which.
    pub fn start(database: &str, key: &Path) -> Self {
        Self::with(database, key, &[])
    }

    /// The same with more settings.
    pub fn with(database: &str, key: &Path, settings: &[&str]) -> Self {
        let mut process = command(database, key)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(settings)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server's program");
        let mut said = BufReader::new(process.stderr.take().expect("it is piped")).lines();
        let mut before = String::new();
        let address = loop {
            let line = said.next().unwrap_or_else(|| panic!("it ended: {before}"));
            let line = line.expect("text");
            if let Some((_, url)) = line.split_once("GraphQL ") {
                let url = url.trim().strip_prefix("http://").expect("a URL");
                break url.trim_end_matches("/graphql").to_owned();
            }
            before += &line;
        };
        // What it says later is read too, or it would wait for a reader; and is seen where the test fails.
        std::thread::spawn(move || {
            said.map_while(Result::ok)
                .for_each(|line| eprintln!("{line}"));
        });
        Self {
            process: Mutex::new(process),
            address,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// Waits until it answers.
    pub async fn ready(&self) {
        let url = format!("http://{}/health/ready", self.address);
        let ready = async {
            while !matches!(reqwest::get(&url).await, Ok(answer) if answer.status().is_success()) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, ready)
            .await
            .expect("the server gets ready");
    }

    /// SIGKILL, and nothing is left of it.
    pub fn kill(&self) {
        let mut process = self
            .process
            .lock()
            .expect("nothing panics while it is held");
        process.kill().expect("a signal");
        process.wait().expect("its end");
    }

    /// A file of what the system knows of it.
    fn proc(&self, file: &str) -> String {
        let process = self.process.lock();
        let id = process.expect("nothing panics while it is held").id();
        format!("/proc/{id}/{file}")
    }

    /// The processor's time that it has used, to the hundredth of a second.
    pub fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(self.proc("stat")).expect("it runs");
        // Behind its name, which may hold anything: user and system time are the 12th and 13th.
        let (_, rest) = stat.rsplit_once(')').expect("a name in brackets");
        let ticks = rest.split_whitespace().skip(11).take(2);
        let ticks: u64 = ticks.map(|it| it.parse::<u64>().expect("a count")).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Its memory in bytes: now, and the most since the last [`Self::forget_peak`].
    pub fn memory(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(self.proc("status")).expect("it runs");
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kilobytes = line.and_then(|it| it.split_whitespace().next());
            1_024
                * kilobytes
                    .and_then(|it| it.parse::<u64>().ok())
                    .expect("a size")
        };
        (of("VmRSS:"), of("VmHWM:"))
    }

    pub fn forget_peak(&self) {
        std::fs::write(self.proc("clear_refs"), "5").expect("its own process");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The program, as it is built, with nothing but these settings.
pub fn command(database: &str, key: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent-program"));
    command.env_clear().arg("--database-url").arg(database);
    command
        .arg("--token-key-file")
        .arg(key)
        .args(["--log", "error"]);
    command
}
