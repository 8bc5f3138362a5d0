//! Subscriptions over plain HTTP: server-sent events and multipart.

use std::sync::atomic::Ordering;
use std::time::Duration;

use agent_program::http::SocketOptions;
use chrono::TimeDelta;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::bodies::{Event, Reader, served};
use crate::support::small::SmallServer;

const MULTIPART: &str =
    "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json;q=0.9";

fn complete() -> Event {
    Event {
        id: None,
        kind: "complete".into(),
        data: Some(String::new()),
    }
}

fn ask(url: String, accept: &str, query: &str) -> RequestBuilder {
    Client::new()
        .post(url)
        .header("accept", accept)
        .bearer_auth("good")
        .json(&json!({ "query": query }))
}

fn events(server: &SmallServer, query: &str) -> RequestBuilder {
    ask(server.stream_url(), "text/event-stream", query)
}

fn parts(server: &SmallServer, query: &str) -> RequestBuilder {
    ask(server.url(), MULTIPART, query)
}

async fn refused(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let body: Value = response.json().await.expect("JSON");
    assert!(body.get("data").is_none());
    (status, body["errors"][0]["extensions"]["code"].clone())
}

fn quick() -> SocketOptions {
    SocketOptions {
        patience: Duration::from_millis(200),
        ..SocketOptions::default()
    }
}

#[tokio::test]
async fn a_subscription_is_a_stream_of_events_that_bear_their_cursors() {
    let server = SmallServer::start().await;
    let mut stream = Reader::open(events(&server, "subscription { steps }")).await;
    for step in 1..=3 {
        let event = stream.event().await.unwrap();
        assert_eq!(event.id, Some(step.to_string()));
        assert_eq!(event.kind, "next");
        assert_eq!(event.json(), json!({ "data": { "steps": step } }));
    }
    let mut whole = Reader::open(events(&server, "subscription { ticks(to: 1) }")).await;
    assert_eq!(whole.event().await.unwrap().json()["data"]["ticks"], 0);
    assert_eq!(whole.event().await, Some(complete()));
    assert_eq!(whole.event().await, None);
}

#[tokio::test]
async fn the_last_event_id_wins_over_what_the_document_says() {
    let server = SmallServer::start().await;
    for query in [
        "subscription { steps }",
        r#"subscription { steps(after: "0") }"#,
        r#"subscription($a: String = "0") { steps(after: $a) }"#,
        "subscription { ...F } fragment F on Followed { steps }",
    ] {
        let request = events(&server, query).header("last-event-id", "2");
        let event = Reader::open(request).await.event().await.unwrap();
        assert_eq!(event.json()["data"]["steps"], 3, "{query}");
    }
}

#[tokio::test]
async fn a_query_and_a_mutation_are_streams_of_one() {
    let mut server = SmallServer::start().await;
    let mut stream = Reader::open(events(&server, "{ hello }")).await;
    assert_eq!(
        stream.event().await.unwrap().json()["data"]["hello"],
        "hello "
    );
    assert_eq!(stream.event().await, Some(complete()));
    // It happens whole, though its client goes.
    let request = events(&server, "mutation { bump }");
    let gone = Reader::open(request).await;
    server.world.begun.notified().await;
    drop(gone);
    server.world.let_on.notify_one();
    server.stop().await;
    assert_eq!(server.world.bumps.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_fault_of_the_request_is_a_status_and_one_of_the_document_an_event() {
    let server = SmallServer::start().await;
    let url = server.stream_url();
    let client = Client::new();
    let stream = |request: RequestBuilder| request.header("accept", "text/event-stream");
    let json = |body: &'static str| {
        let request = client.post(&url).header("content-type", "application/json");
        request.body(body)
    };
    let whole = r#"{"query":"{ hello }"}"#;
    for (request, status, code) in [
        (stream(json("[]")), 400, "BAD_USER_INPUT"),
        (stream(json("{}")), 400, "BAD_USER_INPUT"),
        (
            stream(json(whole)).bearer_auth("bad"),
            401,
            "UNAUTHENTICATED",
        ),
        (stream(client.post(&url).body(whole)), 415, "BAD_USER_INPUT"),
        (
            json(whole).header("accept", "application/json"),
            406,
            "BAD_USER_INPUT",
        ),
        (
            stream(client.get(format!("{url}?query=mutation{{bump}}"))),
            405,
            "BAD_USER_INPUT",
        ),
        (
            stream(client.get(format!("{url}?ticket=none"))),
            401,
            "UNAUTHENTICATED",
        ),
    ] {
        let shown = format!("{request:?}");
        assert_eq!(refused(request).await, (status, code.into()), "{shown}");
    }
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "CURSOR_EXPIRED"),
    ] {
        let mut stream = Reader::open(events(&server, query)).await;
        let error = stream.event().await.unwrap();
        assert_eq!(error.kind, "next");
        assert_eq!(error.json()["errors"][0]["extensions"]["code"], code);
        assert_eq!(stream.event().await, Some(complete()));
    }
}

#[tokio::test]
async fn a_browser_opens_a_stream_with_a_ticket_and_knows_at_once_where_it_is() {
    let server = SmallServer::start().await;
    let ticket = |query: &str| {
        let url = format!("{}/ticket", server.stream_url());
        ask(url, "*/*", query)
    };
    let made = ticket(r#"subscription { steps(after: "3") }"#)
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), 200);
    assert_eq!(made.headers()["cache-control"], "no-store");
    let made: Value = made.json().await.unwrap();
    let url = format!("http://{}{}", server.address, text(&made["url"]));
    let open = || {
        Client::new()
            .get(&url)
            .header("accept", "text/event-stream")
    };
    let first = Reader::open(open()).await.event().await.unwrap();
    // No event, for nothing has happened: and yet a browser that loses its stream now comes back with this.
    let (id, event) = (Some("3".to_owned()), String::new());
    assert_eq!(
        first,
        Event {
            id,
            kind: event,
            data: None
        }
    );
    // It comes back by itself, with the same ticket.
    let mut again = Reader::open(open().header("last-event-id", "1")).await;
    assert_eq!(again.event().await.unwrap().json()["data"]["steps"], 2);
    // What is wrong is told where the page can read it.
    for (query, code) in [
        ("{ hello }", "BAD_USER_INPUT"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
    ] {
        assert_eq!(refused(ticket(query)).await, (400, code.into()));
    }
    let stranger = Client::new().post(format!("{}/ticket", server.stream_url()));
    let stranger = stranger.json(&json!({ "query": "subscription { steps }" }));
    assert_eq!(refused(stranger).await, (401, "UNAUTHENTICATED".into()));
}

#[tokio::test]
async fn a_multipart_subscription_is_what_apollo_reads() {
    let server = SmallServer::start().await;
    let mut stream = Reader::open(parts(&server, "subscription { ticks(to: 2) }")).await;
    let kind = &stream.response.headers()["content-type"];
    assert_eq!(
        kind,
        r#"multipart/mixed; boundary="graphql"; subscriptionSpec=1.0"#
    );
    for tick in 0..2 {
        let payload = json!({ "payload": { "data": { "ticks": tick } } });
        assert_eq!(stream.part().await, Some(payload));
    }
    assert_eq!(stream.until("--\r\n").await.as_deref(), Some(""));
    assert_eq!(stream.until("\n").await, None);
    let mut failed = Reader::open(parts(&server, "subscription { nothing }")).await;
    let payload = failed.part().await.unwrap()["payload"].take();
    assert_eq!(payload["errors"][0]["extensions"]["code"], "CURSOR_EXPIRED");
    // What is no subscription is answered as ever, and so is a faulty document.
    let query = parts(&server, "{ hello }").send().await.unwrap();
    let kind = &query.headers()["content-type"];
    assert_eq!(kind, "application/json; charset=utf-8");
    let code = refused(ask(
        server.url(),
        "multipart/mixed;subscriptionSpec=1.0",
        "{",
    ))
    .await;
    assert_eq!(code, (400, "GRAPHQL_PARSE_FAILED".into()));
}

#[tokio::test]
async fn silent_streams_say_that_they_are_there() {
    let sockets = SocketOptions {
        heartbeat: Duration::from_millis(20),
        ..SocketOptions::default()
    };
    let server = SmallServer::with(sockets, TimeDelta::minutes(10)).await;
    let mut stream = Reader::open(events(&server, "subscription { silence }")).await;
    assert_eq!(stream.until("\n\n").await.as_deref(), Some(":"));
    let mut stream = Reader::open(parts(&server, "subscription { silence }")).await;
    assert_eq!(stream.until("--graphql").await.as_deref(), Some("\r\n"));
    let beat = stream.until("\r\n--graphql").await.unwrap();
    assert!(beat.ends_with("\r\n\r\n{}"), "{beat}");
}

#[tokio::test]
async fn a_session_that_ends_and_a_token_that_runs_out_end_the_streams() {
    let server = SmallServer::start().await;
    let mut stream = Reader::open(events(&server, "subscription { silence }")).await;
    let mut multipart = Reader::open(parts(&server, "subscription { silence }")).await;
    server.end_session();
    assert_ended(&mut stream, &mut multipart, "UNAUTHENTICATED").await;
    assert_eq!(stream.event().await, Some(complete()));
    let server = SmallServer::with(SocketOptions::default(), TimeDelta::milliseconds(300)).await;
    let mut stream = Reader::open(events(&server, "subscription { silence }")).await;
    let mut multipart = Reader::open(parts(&server, "subscription { silence }")).await;
    assert_ended(&mut stream, &mut multipart, "UNAUTHENTICATED").await;
}

async fn assert_ended(stream: &mut Reader, multipart: &mut Reader, code: &str) -> Value {
    let error = stream.event().await.unwrap();
    assert_eq!(error.kind, "next");
    assert_eq!(error.json()["errors"][0]["extensions"]["code"], code);
    let part = multipart.part().await.unwrap();
    assert_eq!(part["payload"], Value::Null);
    assert_eq!(part["errors"][0]["extensions"]["code"], code);
    assert_eq!(multipart.until("\r\n").await.as_deref(), Some("--"));
    error.json()["errors"][0]["extensions"].take()
}

#[tokio::test]
async fn a_stop_ends_the_streams_and_says_to_come_back() {
    let mut server = SmallServer::start().await;
    let mut stream = Reader::open(events(&server, "subscription { steps }")).await;
    let mut multipart = Reader::open(parts(&server, "subscription { silence }")).await;
    for _ in 0..3 {
        stream.event().await.unwrap();
    }
    server.begin_stop();
    let told = assert_ended(&mut stream, &mut multipart, "OVERLOADED").await;
    assert_eq!(told["retryable"], true);
    assert_eq!(told["cursor"], "3");
    // Not complete: a browser comes back by itself.
    assert_eq!(stream.event().await, None);
    server.stop().await;
}

#[tokio::test]
async fn whoever_reads_too_slowly_is_told_where_to_come_back_and_holds_up_nobody() {
    let server = SmallServer::with(quick(), TimeDelta::minutes(10)).await;
    let mut stream = Reader::open(events(&server, "subscription { flood }")).await;
    let mut multipart = Reader::open(parts(&server, "subscription { flood }")).await;
    server.floods_over(2).await;
    let mut other = Reader::open(events(&server, "{ hello }")).await;
    assert_eq!(other.event().await.unwrap().kind, "next");
    // Now they read: all that was on its way, and then why there is no more.
    let last = loop {
        let event = stream.event().await.expect("the reason");
        if event.json()["errors"].is_array() {
            break event;
        }
    };
    let error = &last.json()["errors"][0];
    assert_eq!(error["extensions"]["code"], "OVERLOADED");
    assert_eq!(error["extensions"]["retryable"], true);
    assert_eq!(stream.event().await, None);
    let last = loop {
        let part = multipart.part().await.expect("the reason");
        if part["errors"].is_array() {
            break part;
        }
    };
    assert_eq!(last["payload"], Value::Null);
    assert_eq!(last["errors"][0]["extensions"]["code"], "OVERLOADED");
}

#[tokio::test]
async fn a_panic_in_a_stream_is_one_masked_error() {
    let server = SmallServer::start().await;
    let mut stream = Reader::open(events(&server, "subscription { breaks }")).await;
    assert_eq!(stream.event().await.unwrap().json()["data"]["breaks"], 1);
    let error = stream.event().await.unwrap().json();
    assert_eq!(
        error["errors"][0]["extensions"]["code"],
        "INTERNAL_SERVER_ERROR"
    );
    assert!(!error.to_string().contains("secret"));
    assert_eq!(stream.event().await, Some(complete()));
    let mut stream = Reader::open(events(&server, "{ panics }")).await;
    let error = stream.event().await.unwrap().json();
    assert_eq!(error["errors"][0]["message"], "internal error");
    assert_eq!(stream.event().await, Some(complete()));
    let mut stream = Reader::open(parts(&server, "subscription { breaks }")).await;
    let first = stream.part().await.unwrap();
    assert_eq!(first["payload"]["data"]["breaks"], 1);
    let error = stream.part().await.unwrap().to_string();
    assert!(error.contains("INTERNAL_SERVER_ERROR") && !error.contains("secret"));
}

#[tokio::test]
async fn a_person_has_so_many_streams_and_no_more() {
    let server = SmallServer::start().await;
    let mut open = Vec::new();
    for _ in 0..100 {
        open.push(Reader::open(events(&server, "subscription { silence }")).await);
    }
    let one_more = refused(events(&server, "subscription { silence }")).await;
    assert_eq!(one_more, (503, "OVERLOADED".into()));
    let one_more = refused(parts(&server, "subscription { silence }")).await;
    assert_eq!(one_more, (503, "OVERLOADED".into()));
    // A query takes no place.
    Reader::open(events(&server, "{ hello }")).await;
}

on_both!(every_commission_comes_once_however_often_the_stream_is_lost);
async fn every_commission_comes_once_however_often_the_stream_is_lost(app: TestApp) {
    let agent = app.agent("3.00").await;
    let customer = app.customer_of(&agent).await;
    let operator = app.operator().await;
    let url = served(&app).await;
    let earn = async |n: u32| {
        let row = json!({
            "externalId": format!("c-{n}"), "accountNumber": customer.number, "kind": "CALL",
            "description": "A call", "amount": "1.0000", "occurredAt": app.now().to_rfc3339(),
        });
        let input = json!({ "source": "switch", "charges": [row] });
        operator
            .mutate("recordCharges", input, "results { error { code } }")
            .await;
    };
    // The document asks for no cursor, and says that it begins now.
    let query = "subscription { commissionEvents { commission { charge { externalId } } } }";
    let request = Client::new()
        .post(format!("{url}/stream/ticket"))
        .bearer_auth(agent.token());
    let made = request
        .json(&json!({ "query": query }))
        .send()
        .await
        .unwrap();
    let made: Value = made.json().await.unwrap();
    let url = url.replace("/graphql", text(&made["url"]));
    let mut last: Option<String> = None;
    for n in 0..6 {
        // The first one is lost before anything has happened: what then happens is told by the next.
        let mut request = Client::new()
            .get(&url)
            .header("accept", "text/event-stream");
        if let Some(last) = &last {
            request = request.header("last-event-id", last);
        }
        let mut stream = Reader::open(request).await;
        let begun = stream.event().await.unwrap();
        assert_eq!(begun.kind, "");
        assert!(last.is_none() || begun.id == last);
        last = begun.id;
        if n > 0 {
            for nth in [2 * n - 2, 2 * n - 1] {
                let event = stream.event().await.unwrap();
                let charge =
                    event.json()["data"]["commissionEvents"]["commission"]["charge"].take();
                assert_eq!(charge["externalId"], format!("c-{nth}"));
                last = event.id;
            }
        }
        drop(stream);
        earn(2 * n).await;
        earn(2 * n + 1).await;
    }
}
