//! Streams over plain HTTP, as their bodies come.

use std::time::Duration;

use agent_program::http;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::app::TestApp;

/// Longer than anything takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A body as it comes.
pub struct Reader {
    pub response: Response,
    text: String,
}

#[derive(Debug, PartialEq)]
pub struct Event {
    pub id: Option<String>,
    /// `next` or `complete`.
    pub kind: String,
    pub data: Option<String>,
}

impl Event {
    pub fn json(&self) -> Value {
        serde_json::from_str(self.data.as_deref().expect("data")).expect("JSON")
    }
}

impl Reader {
    pub async fn open(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        let text = String::new();
        Self { response, text }
    }

    /// What comes before `end`, which is left out; nothing once the body has ended.
    pub async fn until(&mut self, end: &str) -> Option<String> {
        loop {
            if let Some((before, rest)) = self.text.split_once(end) {
                let (before, rest) = (before.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(before);
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk());
            let chunk = chunk.await.expect("in time").expect("a whole body")?;
            self.text
                .push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }

    /// The next event, without comments.
    pub async fn event(&mut self) -> Option<Event> {
        loop {
            let frame = self.until("\n\n").await?;
            if frame == ":" {
                continue;
            }
            let field = |name: &str| {
                let mut lines = frame.lines().filter_map(|line| line.split_once(':'));
                let value = lines.find(|(known, _)| *known == name);
                value.map(|(_, value)| value.trim_start().to_owned())
            };
            return Some(Event {
                id: field("id"),
                kind: field("event").unwrap_or_default(),
                data: field("data"),
            });
        }
    }

    /// The next part of a multipart body, without heartbeats.
    pub async fn part(&mut self) -> Option<Value> {
        loop {
            let part = self.until("\r\n--graphql").await?;
            let Some((head, body)) = part.split_once("\r\n\r\n") else {
                assert_eq!(part, "", "the preamble");
                continue;
            };
            assert_eq!(head, "\r\ncontent-type: application/json");
            let body: Value = serde_json::from_str(body).expect("JSON");
            if body != json!({}) {
                return Some(body);
            }
        }
    }
}

/// The real program behind a port.
pub async fn served(app: &TestApp) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let door = app.app.door();
    let routes = http::graphql(&door);
    tokio::spawn(http::serve(listener, routes, door, std::future::pending()));
    format!("http://{address}/graphql")
}
