//! Documents: judged as the specification judges them, known by their hash or by an id, and told what they cost.

use agent_program::http::{Documents, Rules, Trusted, rules};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::support::small::SmallServer;

const RESPONSE: &str = "application/graphql-response+json";

fn post(server: &SmallServer, body: &Value) -> RequestBuilder {
    Client::new()
        .post(server.url())
        .header("accept", RESPONSE)
        .header("content-type", "application/json")
        .body(body.to_string())
}

async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

async fn ask(server: &SmallServer, body: &Value) -> Value {
    send(post(server, body)).await.json().await.expect("JSON")
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_default()
}

fn persisted(text: &str) -> Value {
    let hash = hex::encode(Sha256::digest(text));
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

#[tokio::test]
async fn what_fails_is_null_where_it_may_be_and_keys_come_as_they_were_asked() {
    let server = SmallServer::start().await;
    for (query, data) in [
        ("{ thing { slow id } }", r#"{"thing":{"slow":2,"id":1}}"#),
        ("{ thing { id secret } }", r#"{"thing":null}"#),
        ("{ things { id secret } }", "null"),
        (
            "{ thing { id secretOrNull slow } }",
            r#"{"thing":{"id":1,"secretOrNull":null,"slow":2}}"#,
        ),
    ] {
        let text = send(post(&server, &json!({ "query": query }))).await;
        let text = text.text().await.expect("a body");
        assert!(
            text.contains(&format!(r#""data":{data}"#)),
            "{query}: {text}"
        );
    }
}

/// A text for each number, one behind the other.
fn each(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().concat()
}

/// By the real schema.
fn verdict(text: &str, variables: Value) -> Result<(), String> {
    let Value::Object(variables) = variables else {
        panic!("variables are an object")
    };
    let documents = Documents::new(rules());
    documents
        .request(text, None, &variables)
        .map(|_| ())
        .map_err(|errors| {
            assert!(errors.len() <= 10);
            for error in &errors {
                assert!(error.message.chars().count() <= 300, "{}", error.message);
                assert!(!error.message.contains("sesame"), "{}", error.message);
            }
            let extensions = errors[0].extensions.as_ref().expect("extensions");
            let code = serde_json::to_value(extensions.get("code")).expect("a code");
            code.as_str().expect("a code").to_owned()
        })
}

#[test]
fn a_document_is_judged_as_the_specification_judges_it() {
    const BAD: &[&str] = &[
        "{ program { name @nope } }",
        "{ nope }",
        "{ program }",
        "{ program { name { x } } }",
        "{ callRate { prefix } }",
        "{ callRate(to: \"+1\", sesame: 1) { prefix } }",
        "query($a: Int, $a: Int) { products(first: $a) { totalCount } }",
        "query($a: PhoneNumber) { callRate(to: $a) { prefix } }",
        "query($unused: Int) { program { name } }",
        "{ program { name } } { program { name } }",
        "query a { program { name } } query a { program { name } }",
        "{ ...f } fragment f on Program { name }",
        "{ program { ...f } } fragment f on Nope { name }",
        "{ program { ...f } } fragment f on Program { ...f }",
        "{ program { name } } fragment f on Program { name }",
        "subscription { deskEvents { cursor } accountEvents { cursor } }",
        // Fields of one name that are not one thing, across fragments.
        "{ ...a ...b } fragment a on Query { x: agentProfile(agentNumber: \"1\") { displayName } }
         fragment b on Query { x: agentProfile(agentNumber: \"2\") { displayName } }",
        "{ program { x: name ...f } } fragment f on Program { x: currencyCode }",
        // Of two equal fields neither is the one.
        "mutation { signIn(input: {email: \"a\", email: \"sesame\", password: \"b\"}) { userErrors { code } } }",
        "{ products(first: 1, first: 2) { totalCount } }",
    ];
    for text in BAD {
        assert_eq!(
            verdict(text, json!({})),
            Err("GRAPHQL_VALIDATION_FAILED".into()),
            "{text}"
        );
    }
    for text in [
        "{ __typename program { __typename name } }",
        "{ ...a ...b } fragment a on Query { program { name } } fragment b on Query { program { currencyCode } }",
        "query($n: Int = 5) { products(first: $n) { totalCount } }",
        "{ __type(name: \"Money\") { name kind } }",
        "query { program { name } }",
        "fragment f on Query { program { name } } { ...f }",
        "fragment f on Query { program { name } } query { ...f }",
        "\u{feff}query($n: Int = 5) { products(first: $n, last: null) { totalCount } }",
        "query Q { program { ... on Program @include(if: true) { x: name } ...f } } fragment f on Program { name }",
        "{ callRate(to: \"\"\" a\n\\\"\"\" \"\"\") { prefix } x: callRate(to: \"\\n\\\\\\\"\") { prefix } }",
        "subscription { deskEvents { cursor subject { ... on Payout { net } ... on Application { name } } } }",
    ] {
        assert_eq!(verdict(text, json!({})), Ok(()), "{text}");
    }
    for text in [
        "",
        "{",
        "{ a(b: ) }",
        // What our parser forgives.
        "{ products(first) { totalCount } }",
        "{ products(first: 5 last) { totalCount } }",
        "query { products(first) { totalCount } }",
        "mutation { signIn(input: {email: \"a\", password: \"b\", email}) { userErrors { code } } }",
        "{ \u{7f} }",
        "query { program { name }",
        "sesame sesame",
    ] {
        assert_eq!(
            verdict(text, json!({})),
            Err("GRAPHQL_PARSE_FAILED".into()),
            "{text}"
        );
    }
}

#[test]
fn variables_are_taken_as_they_are_declared_or_refused() {
    let products = "query($n: Int!) { products(first: $n) { totalCount } }";
    let sign_in =
        "mutation($input: SignInInput!) { signIn(input: $input) { userErrors { code } } }";
    for (text, variables) in [
        (products, json!({})),
        (products, json!({ "n": null })),
        (products, json!({ "n": "sesame" })),
        (products, json!({ "n": 1.5 })),
        (products, json!({ "n": 4_294_967_296_i64 })),
        (products, json!({ "n": true })),
        (products, json!({ "n": [1, 2] })),
        (sign_in, json!({ "input": "sesame" })),
        (sign_in, json!({ "input": { "email": "a" } })),
        (
            sign_in,
            json!({ "input": { "email": "a", "password": null } }),
        ),
        (
            sign_in,
            json!({ "input": { "email": "a", "password": "b", "sesame": 1 } }),
        ),
        (sign_in, json!({ "input": { "email": 1, "password": "b" } })),
    ] {
        assert_eq!(
            verdict(text, variables.clone()),
            Err("BAD_USER_INPUT".into()),
            "{variables}"
        );
    }
    assert_eq!(verdict(products, json!({ "n": 1.0, "more": 1 })), Ok(()));
}

#[tokio::test]
async fn a_phone_sends_a_hash_and_only_once_its_document() {
    let server = SmallServer::start().await;
    let text = "query($name: String) { hello(name: $name) }";
    let short = json!({ "extensions": persisted(text), "variables": { "name": "you" } });
    for _ in 0..2 {
        let unknown = ask(&server, &short).await;
        assert_eq!(code(&unknown), "PERSISTED_QUERY_NOT_FOUND");
        assert_eq!(unknown["errors"][0]["message"], "PersistedQueryNotFound");
        assert_eq!(unknown["errors"][0]["extensions"]["retryable"], true);
    }
    // Another document under its hash is not taken.
    let mut forged = short.clone();
    forged["query"] = json!("{ panics }");
    assert_eq!(code(&ask(&server, &forged).await), "BAD_USER_INPUT");
    assert_eq!(
        code(&ask(&server, &short).await),
        "PERSISTED_QUERY_NOT_FOUND"
    );
    let mut whole = short.clone();
    whole["query"] = json!(text);
    assert_eq!(ask(&server, &whole).await["data"]["hello"], "hello you");
    assert_eq!(ask(&server, &short).await["data"]["hello"], "hello you");
    // By GET, too, so that a cache can hold it; a mutation never.
    let get = |text: &str| {
        Client::new().get(server.url()).query(&[
            ("extensions", persisted(text).to_string()),
            ("variables", json!({ "name": "it" }).to_string()),
        ])
    };
    let got: Value = send(get(text)).await.json().await.expect("JSON");
    assert_eq!(got["data"]["hello"], "hello it");
    let calls = "mutation { recordCalls(text: \"x\") }";
    let posted = json!({ "query": calls, "extensions": persisted(calls) });
    assert_eq!(ask(&server, &posted).await["data"]["recordCalls"], 1);
    assert_eq!(send(get(calls)).await.status(), 405);
}

#[tokio::test]
async fn trusted_documents_are_named_and_may_be_the_only_ones() {
    let documents = json!({ "greet": "query($name: String) { hello(name: $name) }" }).to_string();
    for only in [false, true] {
        let server = SmallServer::trusting(&documents, only).await;
        let named = json!({ "documentId": "greet", "variables": { "name": "you" } });
        assert_eq!(ask(&server, &named).await["data"]["hello"], "hello you");
        let got = Client::new()
            .get(server.url())
            .query(&[("documentId", "greet")]);
        let got: Value = send(got).await.json().await.expect("JSON");
        assert_eq!(got["data"]["hello"], "hello ");
        let unknown = ask(&server, &json!({ "documentId": "nobody's" })).await;
        assert_eq!(code(&unknown), "BAD_USER_INPUT");
        let free = json!({ "query": "{ hello }" });
        let hashed = json!({ "query": "{ hello }", "extensions": persisted("{ hello }") });
        for request in [free, hashed] {
            let answer = ask(&server, &request).await;
            if only {
                assert_eq!(code(&answer), "BAD_USER_INPUT");
                let message = answer["errors"][0]["message"].as_str().expect("a message");
                assert!(message.contains("documentId"), "{message}");
            } else {
                assert_eq!(answer["data"]["hello"], "hello ");
            }
        }
    }
}

#[test]
fn all_that_is_wrong_with_a_file_of_trusted_documents_is_told_together() {
    let rules: &Rules = &rules();
    let text =
        json!({ "a": "{ nope }", "b": 1, "c": "{ program { name } }", "d": "{" }).to_string();
    let faults = Trusted::parse(&text, false, rules).err().expect("faults");
    let ids: Vec<&str> = faults.iter().map(|fault| &fault[..1]).collect();
    assert_eq!(ids, ["a", "b", "d", "d"], "{faults:#?}");
    assert!(Trusted::parse("[]", false, rules).is_err());
}

#[tokio::test]
async fn whoever_asks_is_told_what_it_cost() {
    let server = SmallServer::start().await;
    let body = json!({ "query": "{ hello thing { id slow } }" });
    let with = post(&server, &body).header("x-request-cost", "true");
    let told: Value = send(with).await.json().await.expect("JSON");
    assert_eq!(
        told["extensions"]["cost"],
        json!({ "requested": 4, "allowed": 10_000 })
    );
    assert_eq!(ask(&server, &body).await.get("extensions"), None);
}

#[tokio::test]
async fn too_many_attempts_are_429_with_when_to_come_back() {
    let server = SmallServer::start().await;
    let limited = send(post(&server, &json!({ "query": "{ guess(often: true) }" }))).await;
    assert_eq!(limited.status(), 429);
    assert_eq!(limited.headers()["retry-after"], "7");
    let answer: Value = limited.json().await.expect("JSON");
    assert_eq!(code(&answer), "RATE_LIMITED");
    // What was answered beside it is an answer.
    let both = "{ guess(often: true) hello }";
    assert_eq!(
        send(post(&server, &json!({ "query": both })))
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn whatever_is_sent_every_error_has_a_code_of_the_list_and_nothing_of_what_was_sent() {
    const CODES: [&str; 4] = [
        "BAD_USER_INPUT",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "QUERY_TOO_COSTLY",
    ];
    let server = SmallServer::start().await;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(30_000), close.repeat(30_000));
    let many = |each: &str, count: usize| each.repeat(count);
    let document = |query: String| json!({ "query": query }).to_string();
    let variables: Map<String, Value> = (0..10_000).map(|n| (format!("v{n}"), json!(n))).collect();
    let chain = each(20, |n| {
        format!("fragment f{n} on Query {{ ...f{0} ...f{0} }} ", n + 1)
    });
    for body in [
        String::new(),
        "sesame".into(),
        "[]".into(),
        deep("[", "]"),
        deep("{\"a\":", "}"),
        r#"{"query":"{hello}","query":"{hello sesame}"}"#.into(),
        r#"{"query":"{hello}","variables":{"a":1,"a":"sesame"}}"#.into(),
        document("{ sesame }".into()),
        document("{ hello(sesame: 1) }".into()),
        document("{ hello(name: 5) }".into()),
        document("{ hello(name: $sesame) }".into()),
        document(many("{", 3_000)),
        document(format!("{{ hello(name: {}) }}", deep("[", "]"))),
        document(format!("query($v: [Int] = {}) {{ hello }}", deep("[", "]"))),
        document(format!(
            "{{ {} }}",
            each(10_000, |n| format!("a{n}: hello "))
        )),
        document(format!(
            "{{ hello {} }}",
            many("@include(if: true) ", 1_900)
        )),
        document(format!(
            "query({}) {{ hello }}",
            each(900, |n| format!("$v{n}: Int "))
        )),
        document(format!(
            "{{ ...f0 }} {chain} fragment f20 on Query {{ hello }}"
        )),
        json!({ "query": "query($a: Int!) { count(to: $a) }", "variables": variables }).to_string(),
        json!({ "query": "query($a: Int!) { count(to: $a) }", "variables": { "a": "sesame" } })
            .to_string(),
        json!({ "query": "{ hello }", "operationName": "sesame" }).to_string(),
        json!({ "query": "{ hello }", "extensions": { "persistedQuery": "sesame" } }).to_string(),
    ] {
        let shown: String = body.chars().take(60).collect();
        let request = Client::new().post(server.url()).header("accept", RESPONSE);
        let request = request
            .header("content-type", "application/json")
            .body(body);
        let response = send(request).await;
        let status = response.status();
        assert!(status == 400 || status == 413, "{shown}: {status}");
        let answer: Value = response.json().await.expect("JSON");
        let errors = answer["errors"].as_array().expect("errors");
        assert!((1..=10).contains(&errors.len()), "{shown}: {answer}");
        assert_eq!(answer.get("data"), None, "{shown}");
        for error in errors {
            let code = error["extensions"]["code"].as_str().expect("a code");
            assert!(CODES.contains(&code), "{shown}: {code}");
            let message = error["message"].as_str().expect("a message");
            assert!(!message.contains("sesame"), "{shown}: {message}");
        }
    }
    // And the server lives.
    assert_eq!(
        ask(&server, &json!({ "query": "{ hello }" })).await["data"]["hello"],
        "hello "
    );
}
