//! The clients of the storm: they insist, give up, ask twice at once, and change their minds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::requests::{Kind, Outcome, People, Request};
use crate::support::dice::Dice;

/// Longer than the server and its database are ever away.
const PATIENCE: Duration = Duration::from_mins(1);

/// What programs may be told when something is broken: to try again.
const RETRYABLE: [&str; 2] = ["INTERNAL_SERVER_ERROR", "OVERLOADED"];

/// How often what happened.
#[derive(Debug, Default)]
pub struct Counts {
    pub sent: AtomicU64,
    pub answered: AtomicU64,
    /// The connection went before there was an answer.
    pub lost: AtomicU64,
    /// Told to try again.
    pub told: AtomicU64,
    pub abandoned: AtomicU64,
    pub twice: AtomicU64,
    pub altered: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// What all clients have in common.
pub struct World {
    pub people: People,
    pub tokens: Tokens,
    /// Where the server is now.
    pub url: watch::Receiver<String>,
    /// Whether the storm is over.
    pub over: watch::Receiver<bool>,
    pub counts: Counts,
}

pub struct Tokens {
    pub agent: String,
    pub operator: String,
}

/// One of them.
pub struct Asker {
    http: Client,
    world: Arc<World>,
}

impl Asker {
    pub fn new(world: Arc<World>) -> Self {
        let http = Client::builder()
            .timeout(PATIENCE)
            .build()
            .expect("a client");
        Self { http, world }
    }

    /// The answer's data; nothing where there was none, or none but to try again.
    async fn ask(&self, kind: Kind, input: &Value) -> Option<Value> {
        let counts = &self.world.counts;
        let token = if kind.is_the_agents() {
            &self.world.tokens.agent
        } else {
            &self.world.tokens.operator
        };
        let url = self.world.url.borrow().clone();
        let body = json!({ "query": kind.document(), "variables": { "input": input } });
        count(&counts.sent);
        let answer = async {
            let request = self.http.post(url).bearer_auth(token).json(&body);
            request.send().await?.json::<Value>().await
        };
        let Ok(mut answer) = answer.await else {
            count(&counts.lost);
            return None;
        };
        if answer["errors"].is_null() {
            count(&counts.answered);
            return Some(answer["data"].take());
        }
        let told = &answer["errors"][0]["extensions"];
        let code = told["code"].as_str().unwrap_or_default();
        assert!(RETRYABLE.contains(&code), "{answer:#}");
        assert_eq!(told["retryable"], true, "{answer:#}");
        count(&counts.told);
        None
    }

    /// Asks until there is an answer.
    pub async fn insist(&self, request: &Request) -> (Outcome, bool) {
        let begun = Instant::now();
        loop {
            if let Some(data) = self.ask(request.kind, &request.input).await {
                return request.read(&data);
            }
            assert!(begun.elapsed() < PATIENCE, "no answer to {}", request.input);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Gives up after a moment.
    async fn give_up(&self, request: &mut Request, after: Duration) {
        count(&self.world.counts.abandoned);
        let asked = self.ask(request.kind, &request.input);
        if let Ok(Some(data)) = tokio::time::timeout(after, asked).await {
            request.outcome = Some(request.read(&data).0);
        }
    }

    /// Asks twice at once: it is done once, and both are told the same.
    async fn twice(&self, request: &mut Request) {
        count(&self.world.counts.twice);
        let ask = || self.ask(request.kind, &request.input);
        let (one, other) = tokio::join!(ask(), ask());
        let read = |data: Option<Value>| data.map(|data| request.read(&data));
        let outcome = match (read(one), read(other)) {
            (Some((one, before)), Some((other, again))) => {
                assert_eq!(one, other, "{}", request.input);
                let refused = matches!(one, Outcome::Refused(_));
                assert!(
                    refused || before != again,
                    "one of both is the first: {}",
                    request.input
                );
                Some(one)
            }
            (Some((one, _)), None) | (None, Some((one, _))) => Some(one),
            (None, None) => None,
        };
        request.outcome = outcome;
    }

    /// Asks for something else under a key that has been answered: and is refused.
    async fn alter(&self, request: &Request) {
        count(&self.world.counts.altered);
        let (input, code) = request.altered();
        if let Some(data) = self.ask(request.kind, &input).await {
            assert_eq!(request.refusal(&data), code, "{input} {data:#}");
        }
    }

    /// Asks for one thing after the other until the storm is over: all that it asked for.
    pub async fn storm(self, name: String, seed: u64) -> Vec<Request> {
        let mut dice = Dice::new(seed);
        let mut all: Vec<Request> = Vec::new();
        while !*self.world.over.borrow() {
            let key = format!("{name}-{}", all.len());
            let mut request = self.world.people.request(&mut dice, &key, &mut all);
            match dice.below(10) {
                0 => {
                    let after = Duration::from_micros(dice.below(30_000));
                    self.give_up(&mut request, after).await;
                }
                1 => self.twice(&mut request).await,
                _ => request.outcome = Some(self.insist(&request).await.0),
            }
            all.push(request);
            if dice.once_in(10) {
                let old = dice.one_of(&(0..all.len()).collect::<Vec<_>>()).to_owned();
                if matches!(all[old].outcome, Some(Outcome::Done(_))) {
                    self.alter(&all[old]).await;
                }
            }
        }
        all
    }
}
