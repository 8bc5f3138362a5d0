//! A server under attack, what each attack costs it, and an honest client who must not notice.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use agent_program::Clock;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{MissedTickBehavior, interval};

use crate::support::app::{PASSWORD, TestAgent, TestApp, text};
use crate::support::process::{PATIENCE, Server};

/// What an attack may cost, in the processor's time, the honest client's share included. A debug build, which most of the
/// tests meet, takes several times as much; all but the longest attacks stay below a second there too.
const SECONDS: u64 = if cfg!(debug_assertions) { 4 } else { 1 };
/// And in memory.
const BYTES: u64 = 64 * 1024 * 1024;
/// How often the honest client asks.
const BETWEEN: Duration = Duration::from_millis(20);

pub struct Siege {
    pub server: Server,
    pub app: TestApp,
    pub agent: TestAgent,
    /// The agent's, as the server gives them.
    pub token: String,
    _folder: TempDir,
}

/// A client at this address of the machine's own: a source by itself.
pub fn client(from: u8) -> Client {
    let from = IpAddr::from([127, 0, 0, from]);
    let client = Client::builder().local_address(from).timeout(PATIENCE);
    client.build().expect("a client")
}

impl Siege {
    pub async fn begin(app: TestApp) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        app.set_clock(Clock::system().now() - chrono::TimeDelta::minutes(1));
        let agent = app.agent("3.00").await;
        let server = Server::start(app.database_url(), &folder.path().join("token.key"));
        server.ready().await;
        let document =
            "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }";
        let input = json!({ "email": agent.email, "password": PASSWORD });
        let body = json!({ "query": document, "variables": { "input": input } });
        let request = client(7).post(server.url()).json(&body);
        let answer: Value = request
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON");
        let token = text(&answer["data"]["signIn"]["session"]["accessToken"]).to_owned();
        let siege = Self {
            server,
            app,
            agent,
            token,
            _folder: folder,
        };
        // Once before anything is measured: what is made at the first request is there.
        siege.honest(&client(7)).await;
        siege
    }

    /// The honest client asks, and is answered.
    pub async fn honest(&self, client: &Client) {
        let body = json!({ "query": "{ viewer { user { email } } }" });
        let request = client
            .post(self.server.url())
            .bearer_auth(&self.token)
            .json(&body);
        let answer: Value = request
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON");
        let email = &answer["data"]["viewer"]["user"]["email"];
        assert_eq!(email, &json!(self.agent.email), "{answer}");
    }

    /// Attacks, beside an honest client; and tells what it cost.
    pub async fn attack<T>(&self, name: &str, attack: impl Future<Output = T>) -> T {
        self.server.forget_peak();
        let (time, (memory, _)) = (self.server.processor_time(), self.server.memory());
        let client = client(7);
        let answered = AtomicU32::new(0);
        let honest = async {
            let mut times = interval(BETWEEN);
            times.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                times.tick().await;
                self.honest(&client).await;
                answered.fetch_add(1, Ordering::SeqCst);
            }
        };
        let done = tokio::select! {
            done = attack => done,
            () = honest => unreachable!("it asks until the attack is over"),
        };
        self.honest(&client).await;
        let time = self.server.processor_time().saturating_sub(time);
        let memory = self.server.memory().1.saturating_sub(memory);
        let beside = answered.into_inner();
        println!(
            "{name}: {time:?}, {} kB; {beside} answers beside it",
            memory / 1_024
        );
        assert!(time <= Duration::from_secs(SECONDS), "{name}: {time:?}");
        assert!(memory <= BYTES, "{name}: {memory} bytes");
        done
    }

    /// Posts a body as JSON: the status and the answer.
    pub async fn post(&self, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let request = client(1).post(self.server.url()).body(body);
        let request = request
            .header("content-type", "application/json")
            .header("accept", "application/graphql-response+json");
        let answer = request.send().await.expect("an answer");
        (
            answer.status().as_u16(),
            answer.json().await.unwrap_or_default(),
        )
    }

    /// The honest client is answered so many times more.
    pub async fn meanwhile(&self, answers: u32) {
        let client = client(8);
        for _ in 0..answers {
            self.honest(&client).await;
        }
    }

    /// A connection of its own from this address.
    pub async fn connect(&self, from: u8) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(Ipv4Addr::new(127, 0, 0, from).into(), 0))?;
        let to = self.server.address.parse().expect("an address");
        socket.connect(to).await
    }
}

/// The code of its first error.
pub fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_default()
}
