//! GraphQL over HTTP, as programs meet it.

use std::sync::atomic::Ordering;

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::small::SmallServer;

const JSON: &str = "application/json";
const RESPONSE: &str = "application/graphql-response+json";

fn post(server: &SmallServer, accept: &str, body: String) -> RequestBuilder {
    Client::new()
        .post(server.url())
        .header("accept", accept)
        .header("content-type", JSON)
        .body(body)
}

/// The status, the media type, and the answer.
async fn answer(request: RequestBuilder) -> (u16, String, Value) {
    let response = request.send().await.unwrap();
    let kind = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let kind = kind.split(';').next().unwrap().to_owned();
    (
        response.status().as_u16(),
        kind,
        response.json().await.unwrap(),
    )
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_default()
}

#[tokio::test]
async fn the_status_tells_what_happened_to_whoever_can_be_told() {
    let server = SmallServer::start().await;
    for (query, strict, wanted) in [
        ("{ hello }", 200, ""),
        ("{ fails }", 200, "INTERNAL_SERVER_ERROR"),
        ("{", 400, "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", 400, "GRAPHQL_VALIDATION_FAILED"),
        ("query($to: Int!) { count(to: $to) }", 400, "BAD_USER_INPUT"),
        (
            "{ __schema { types { name } } hello }",
            400,
            "QUERY_TOO_COSTLY",
        ),
    ] {
        let body = json!({ "query": query }).to_string();
        let (status, kind, answered) = answer(post(&server, RESPONSE, body.clone())).await;
        assert_eq!(
            (status, kind.as_str(), code(&answered)),
            (strict, RESPONSE, wanted),
            "{query}"
        );
        assert_eq!(answered.get("data").is_some(), strict == 200, "{query}");
        let (status, kind, _) = answer(post(&server, JSON, body)).await;
        assert_eq!((status, kind.as_str()), (200, JSON), "{query}");
    }
}

#[tokio::test]
async fn a_variable_of_the_wrong_type_is_bad_input_and_is_not_repeated() {
    let server = SmallServer::start().await;
    let query = "query($to: Int!) { count(to: $to) }";
    let body = json!({ "query": query, "variables": { "to": "my secret" } });
    let (status, _, answered) = answer(post(&server, RESPONSE, body.to_string())).await;
    assert_eq!((status, code(&answered)), (400, "BAD_USER_INPUT"));
    assert!(!answered.to_string().contains("secret"), "{answered}");
}

#[tokio::test]
async fn what_is_no_request_is_400_for_everybody() {
    let server = SmallServer::start().await;
    for body in [
        "",
        "{",
        "[]",
        r#"[{"query":"{hello}"}]"#,
        "{}",
        r#"{"query":1}"#,
    ] {
        for accept in [JSON, RESPONSE] {
            let (status, _, answered) = answer(post(&server, accept, body.into())).await;
            assert_eq!((status, code(&answered)), (400, "BAD_USER_INPUT"), "{body}");
        }
    }
}

#[tokio::test]
async fn what_a_foreign_page_could_send_is_not_taken() {
    let server = SmallServer::start().await;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
    ] {
        let request = Client::new()
            .post(server.url())
            .body(r#"{"query":"{hello}"}"#);
        let response = request.header("content-type", kind).send().await.unwrap();
        assert_eq!(
            response.status(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{kind}"
        );
    }
}

#[tokio::test]
async fn get_asks_and_never_changes() {
    let server = SmallServer::start().await;
    let get = |query: &str| {
        let query = [("query", query), ("operationName", ""), ("variables", "")];
        Client::new()
            .get(server.url())
            .header("accept", JSON)
            .query(&query)
    };
    let (status, _, answered) = answer(get("{ hello }")).await;
    assert_eq!(
        (status, &answered["data"]["hello"]),
        (200, &json!("hello "))
    );
    let refused = get("mutation { bump }").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(refused.headers()["allow"], "POST");
    assert_eq!(server.world.bumps.load(Ordering::SeqCst), 0);
    let put = Client::new()
        .request(Method::PUT, server.url())
        .send()
        .await
        .unwrap();
    assert_eq!(put.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_bad_token_is_401_before_anything_is_executed() {
    let server = SmallServer::start().await;
    let body = json!({ "query": "mutation { bump }" }).to_string();
    for accept in [JSON, RESPONSE] {
        let request = post(&server, accept, body.clone()).header("authorization", "Bearer bad");
        let (status, _, answered) = answer(request).await;
        assert_eq!((status, code(&answered)), (401, "UNAUTHENTICATED"));
        assert_eq!(answered.get("data"), None);
    }
    assert_eq!(server.world.bumps.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_panic_is_one_masked_error() {
    let server = SmallServer::start().await;
    let body = json!({ "query": "{ panics }" }).to_string();
    let (status, _, answered) = answer(post(&server, RESPONSE, body)).await;
    assert_eq!((status, code(&answered)), (500, "INTERNAL_SERVER_ERROR"));
    assert!(answered["errors"][0]["extensions"]["requestId"].is_string());
    assert!(!answered.to_string().contains("secret"), "{answered}");
}

#[tokio::test]
async fn a_panic_by_get_is_one_too_and_the_connection_goes_on() {
    let server = SmallServer::start().await;
    let client = Client::new();
    let get = |query: &str| {
        let request = client.get(server.url()).header("accept", RESPONSE);
        request.query(&[("query", query)])
    };
    for _ in 0..2 {
        let (status, _, answered) = answer(get("{ panics }")).await;
        assert_eq!((status, code(&answered)), (500, "INTERNAL_SERVER_ERROR"));
        assert!(!answered.to_string().contains("secret"), "{answered}");
        let (status, _, answered) = answer(get("{ hello }")).await;
        assert_eq!(
            (status, &answered["data"]["hello"]),
            (200, &json!("hello "))
        );
    }
}

#[tokio::test]
async fn a_large_body_is_for_calls_only() {
    let server = SmallServer::start().await;
    let body = |query: &str, size: usize| {
        let variables = json!({ "text": "x".repeat(size) });
        json!({ "query": query, "variables": variables }).to_string()
    };
    let hello = "query($text: String) { hello(name: $text) }";
    let calls = "mutation($text: String!) { recordCalls(text: $text) }";
    for (token, query, size, status) in [
        ("records", hello, 90_000, 200),
        ("records", hello, 110_000, 413),
        ("records", calls, 900_000, 200),
        ("records", calls, 1_100_000, 413),
        // And for those who record them.
        ("good", calls, 90_000, 200),
        ("good", calls, 110_000, 413),
    ] {
        let request = post(&server, RESPONSE, body(query, size)).bearer_auth(token);
        let (got, _, _) = answer(request).await;
        assert_eq!(got, status, "{token} {query} {size}");
    }
}

#[tokio::test]
async fn a_mutation_comes_to_its_end_when_its_client_hangs_up() {
    let mut server = SmallServer::start().await;
    let body = json!({ "query": "mutation { bump }" }).to_string();
    let asking = tokio::spawn(post(&server, JSON, body).send());
    server.world.begun.notified().await;
    asking.abort();
    server.world.let_on.notify_one();
    server.world.ended.notified().await;
    server.stop().await;
    assert_eq!(server.world.bumps.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn whoever_takes_neither_media_type_is_told_so() {
    let server = SmallServer::start().await;
    let body = json!({ "query": "{ hello }" }).to_string();
    let response = post(&server, "text/csv", body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn headers_that_do_not_come_are_not_waited_for_and_idle_connections_are() {
    let server = SmallServer::start().await;
    let mut slow = TcpStream::connect(&server.address).await.unwrap();
    let mut idle = TcpStream::connect(&server.address).await.unwrap();
    slow.write_all(b"GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nhos")
        .await
        .unwrap();
    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).await.unwrap();
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
    // All the while nothing was said here, and twice it is answered.
    for _ in 0..2 {
        let request = b"GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nhost: here\r\n\r\n";
        idle.write_all(request).await.unwrap();
        let mut answer = [0; 15];
        idle.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
        let mut rest = vec![0; 4_096];
        let _ = idle.read(&mut rest).await.unwrap();
    }
}

#[tokio::test]
async fn a_request_comes_from_whom_the_trusted_proxy_heard() {
    let server = SmallServer::start().await;
    let body = json!({ "query": "{ source }" }).to_string();
    for (forwarded, source) in [
        ("", "127.0.0.1"),
        ("198.51.100.9", "198.51.100.9"),
        ("192.0.2.1, 2001:db8::1:2:3:4", "2001:db8::/64"),
    ] {
        let request = post(&server, JSON, body.clone()).header("x-forwarded-for", forwarded);
        let (_, _, answered) = answer(request.header("forwarded", "for=192.0.2.2")).await;
        assert_eq!(answered["data"]["source"], source);
    }
}
