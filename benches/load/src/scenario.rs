//! What is to be done.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(tag = "what", rename_all = "camelCase")]
pub enum Scenario {
    Ask(Asking),
    Listen(Listening),
}

/// Requests over HTTP.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asking {
    pub url: String,
    pub connections: usize,
    /// How long; or else how many requests.
    pub seconds: Option<f64>,
    pub requests: Option<u64>,
    /// The number of the first request, and the step to the next one.
    #[serde(default)]
    pub first: u64,
    #[serde(default = "one")]
    pub step: u64,
    pub kinds: Vec<Kind>,
}

/// One kind of request.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kind {
    pub name: String,
    /// How often, against the others.
    #[serde(default = "one")]
    pub weight: u64,
    pub body: String,
    /// What `${rows}` in the body is made of, so many times.
    pub row: Option<String>,
    #[serde(default = "one")]
    pub rows: u64,
    /// `${name}` is one of the values, by the number of the request or row.
    #[serde(default)]
    pub lists: BTreeMap<String, List>,
    /// `authorization` and what else there is; with the same places to be filled in as in the body.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A text that only a right answer holds.
    pub expect: String,
    /// A text that no right answer holds.
    pub refuse: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    pub values: Vec<String>,
    #[serde(default)]
    pub share: Share,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Share {
    #[default]
    Even,
    /// The second half as often as the first one, the third a third of it.
    Zipf,
}

/// Subscribers, and what makes them hear something.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listening {
    /// `ws://…`
    pub url: String,
    pub subscribers: usize,
    /// The payloads of `connection_init`, in turn: so many people listen.
    pub inits: Vec<serde_json::Value>,
    pub query: String,
    /// What stands before a post's number in what is heard of it, and what comes after.
    pub before: String,
    pub after: String,
    /// The requests that are heard of: their rate a second and how many.
    pub post: Asking,
    pub rate: f64,
    /// How long is waited for the last ones, in seconds.
    pub patience: f64,
}

fn one() -> u64 {
    1
}
