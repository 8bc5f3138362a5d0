//! Somebody who asks, by the public schema: a stranger, a person who signed in, or a machine with its key.

use std::pin::Pin;
use std::sync::LazyLock;
use std::time::Duration;

use agent_program::auth::Origin;
use agent_program::graphql::{Api, sdl};
use agent_program::http::{Documents, rules};
use agent_program::{Error, graphql::fault};
use async_graphql::{Request, ServerError};
use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};

/// Longer than any answer takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the door lets through to the schema, as it judges documents and their variables.
pub fn judged(document: &str, variables: Value) -> Result<Request, Vec<ServerError>> {
    static DOCUMENTS: LazyLock<Documents> = LazyLock::new(|| Documents::new(rules()));
    let variables = match variables {
        Value::Object(variables) => variables,
        _ => serde_json::Map::new(),
    };
    DOCUMENTS.request(document, None, &variables)
}

/// Somebody who asks. A clone is the same one.
#[derive(Clone)]
pub struct Caller {
    api: Api,
    token: Option<String>,
    origin: Origin,
}

/// A `userErrors` entry.
#[derive(Debug)]
pub struct Refused {
    pub code: String,
    pub message: String,
    /// With dots, and without `input`: `rates.3.prefix`. Empty where no field is at fault.
    pub field: String,
    /// All of it, with its figures: `state`, `available`, `requested`, `minimum`, `maximum`, `fee`.
    pub error: Value,
}

impl Caller {
    /// With a bearer token, or without one as a stranger.
    pub fn new(api: &Api, token: Option<&str>) -> Self {
        Self {
            api: api.clone(),
            token: token.map(ToOwned::to_owned),
            origin: Origin::default(),
        }
    }

    /// The same one, who asks from this address: else it is within this process, which is not counted.
    pub fn at(&self, address: &str) -> Self {
        Self {
            origin: Origin {
                address: Some(address.parse().expect("an address")),
                ..Origin::default()
            },
            ..self.clone()
        }
    }

    /// The bearer token.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("a stranger has no token")
    }

    /// Whether it is the same one.
    pub fn is(&self, other: &Self) -> bool {
        self.token == other.token
    }

    /// The whole answer to a document: `data`, and `errors` where there are any.
    pub async fn ask(&self, document: &str, variables: Value) -> Value {
        let request = match self.request(document, variables) {
            Ok(request) => request,
            Err(errors) => return json!({ "data": null, "errors": errors }),
        };
        let authorization = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let auth = &self.api.services().auth;
        let actor = match auth.actor(authorization.as_deref()).await {
            Ok(actor) => actor,
            Err(error) => return turned_away(error),
        };
        let response = self.api.execute(request, actor, "test").await;
        serde_json::to_value(response).expect("an answer is JSON")
    }

    /// The data of an answer without errors.
    pub async fn run(&self, document: &str, variables: Value) -> Value {
        let mut answer = self.ask(document, variables).await;
        assert!(answer["errors"].is_null(), "{document}\n{answer:#}");
        answer["data"].take()
    }

    /// The data of a query without variables.
    pub async fn query(&self, document: &str) -> Value {
        self.run(document, json!({})).await
    }

    /// The `extensions.code` of the only error of an answer.
    pub async fn error(&self, document: &str, variables: Value) -> String {
        let answer = self.ask(document, variables).await;
        code_of(document, &answer)
    }

    /// Does something: the payload of a mutation that is not refused.
    ///
    /// `person.mutate("signOut", json!(null), "")`, `person.mutate("topUp", json!({…}), "topUp { id state }")`.
    pub async fn mutate(&self, field: &str, input: Value, selection: &str) -> Value {
        let selection = format!("{selection} userErrors {{ code message field }}");
        let mut data = self.run_mutation(field, input, &selection).await;
        let payload = data[field].take();
        assert_eq!(payload["userErrors"], json!([]), "{field} was refused");
        payload
    }

    /// The refusal of a mutation that is refused.
    pub async fn refused(&self, field: &str, input: Value) -> Refused {
        const FIGURES: &str = "userErrors { code message field
            ... on StateError { state }
            ... on TransferSpentError { unspent }
            ... on InsufficientFundsError { available requested }
            ... on PayoutAmountError { minimum fee }
            ... on CommissionRateError { minimumRate: minimum maximumRate: maximum } }";
        let data = self.run_mutation(field, input, FIGURES).await;
        let errors = data[field]["userErrors"].as_array().expect("a payload");
        assert_eq!(errors.len(), 1, "{field} is refused once: {errors:#?}");
        let error = errors[0].clone();
        let field = error["field"].as_array().map_or(vec![], |path| {
            assert_eq!(path[0], "input", "{error}");
            path[1..]
                .iter()
                .map(|step| step.as_str().expect("text"))
                .collect()
        });
        Refused {
            code: error["code"].as_str().expect("a code").to_owned(),
            message: error["message"].as_str().expect("a message").to_owned(),
            field: field.join("."),
            error,
        }
    }

    /// The payload of a mutation, refused or not; with its `userErrors`.
    pub async fn payload(&self, field: &str, input: Value, selection: &str) -> Value {
        let selection = format!(
            "{selection} userErrors {{ code field message ... on InsufficientFundsError {{ available requested }} }}"
        );
        let mut data = self.run_mutation(field, input, &selection).await;
        data[field].take()
    }

    /// The payload of a mutation, or the code that it is refused with.
    pub async fn attempt(
        &self,
        field: &str,
        input: Value,
        selection: &str,
    ) -> Result<Value, String> {
        let payload = self.payload(field, input, selection).await;
        match payload["userErrors"][0]["code"].as_str() {
            None => Ok(payload),
            Some(code) => Err(code.to_owned()),
        }
    }

    /// The `extensions.code` of a mutation that is not this caller's to do.
    pub async fn denied(&self, field: &str, input: Value) -> String {
        let document = mutation(field, "userErrors { code }");
        let answer = self.ask(&document, json!({ "input": input })).await;
        code_of(&document, &answer)
    }

    fn request(&self, document: &str, variables: Value) -> Result<Request, Vec<ServerError>> {
        let request = judged(document, variables)?;
        Ok(request.data(self.origin.clone()))
    }

    async fn run_mutation(&self, field: &str, input: Value, selection: &str) -> Value {
        let document = mutation(field, selection);
        self.run(&document, json!({ "input": input })).await
    }

    /// Follows a subscription. It has begun when this returns.
    pub async fn follow(&self, document: &str, variables: Value) -> Followed {
        let request = self.request(document, variables).expect("a good document");
        let authorization = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let auth = &self.api.services().auth;
        let actor = auth.actor(authorization.as_deref()).await;
        let actor = actor.expect("a good token");
        let answers = self.api.execute_stream(request, actor, "test".into());
        Followed(Box::pin(answers.map(|answer| {
            serde_json::to_value(answer).expect("an answer is JSON")
        })))
    }
}

/// A subscription that runs.
pub struct Followed(Pin<Box<dyn Stream<Item = Value> + Send>>);

impl Followed {
    /// What comes next: the whole answer. `None` where the stream has ended.
    pub async fn next_answer(&mut self) -> Option<Value> {
        let next = tokio::time::timeout(PATIENCE, self.0.next());
        next.await.expect("something comes")
    }

    /// The data of what comes next.
    pub async fn next(&mut self) -> Value {
        let mut answer = self.next_answer().await.expect("the stream goes on");
        assert!(answer["errors"].is_null(), "{answer:#}");
        answer["data"].take()
    }
}

/// A mutation with one `$input`, whose type the schema tells.
fn mutation(field: &str, selection: &str) -> String {
    static SDL: LazyLock<String> = LazyLock::new(sdl);
    let input = SDL
        .split_once(&format!("\t{field}("))
        .and_then(|(_, arguments)| arguments.split_once("input: "))
        .map(|(_, kind)| kind.split([')', '\n']).next().unwrap_or_default());
    match input {
        Some(kind) => {
            format!("mutation($input: {kind}) {{ {field}(input: $input) {{ {selection} }} }}")
        }
        None => format!("mutation {{ {field} {{ {selection} }} }}"),
    }
}

fn turned_away(error: Error) -> Value {
    let error = fault::of(error, "test");
    json!({ "errors": [serde_json::to_value(error).expect("an error is JSON")] })
}

fn code_of(document: &str, answer: &Value) -> String {
    let errors = answer["errors"].as_array();
    let errors = errors.unwrap_or_else(|| panic!("no error: {document}\n{answer:#}"));
    assert_eq!(errors.len(), 1, "{answer:#}");
    let code = errors[0]["extensions"]["code"].as_str();
    code.unwrap_or_else(|| panic!("an error without a code: {answer:#}"))
        .to_owned()
}
