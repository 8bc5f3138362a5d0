//! Connections that say nothing, slowly or too often, and clients that do not read.

use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::siege::Siege;
use crate::support::app::{TestApp, text};

/// Connections from four sources, so that none has too many.
async fn many(siege: &Siege, count: u8, say: &str) -> Vec<TcpStream> {
    let connections = (0..4 * count).map(async |n| {
        let mut stream = siege.connect(20 + n % 4).await.expect("a connection");
        stream.write_all(say.as_bytes()).await.expect("it is taken");
        stream
    });
    join_all(connections).await
}

/// What comes until the server hangs up.
async fn rest(mut stream: TcpStream) -> String {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    String::from_utf8_lossy(&rest).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_headers_and_slow_bodies_hold_up_nobody() {
    let siege = Siege::begin(TestApp::sqlite().await).await;
    let headers = "POST /graphql HTTP/1.1\r\nhost: here\r\nx-slow: ";
    let body = "POST /graphql HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n\
        content-length: 50000\r\n\r\n{\"query\":\"";
    let attack = async {
        let slow = many(&siege, 60, headers).await;
        let slower = many(&siege, 60, body).await;
        siege.meanwhile(20).await;
        let mut ends = (0, 0);
        for stream in slow {
            assert!(!rest(stream).await.contains("200 OK"));
            ends.0 += 1;
        }
        for stream in slower {
            assert!(rest(stream).await.starts_with("HTTP/1.1 408"));
            ends.1 += 1;
        }
        ends
    };
    let ends = siege
        .attack("240 slow headers and 240 slow bodies", attack)
        .await;
    assert_eq!(ends, (240, 240));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_without_end_are_not_kept() {
    let siege = Siege::begin(TestApp::sqlite().await).await;
    let long = format!(
        "GET /graphql HTTP/1.1\r\nhost: here\r\nx-long: {}",
        "x".repeat(300_000)
    );
    let attack = async {
        let connections = (0..240).map(async |n| {
            let mut stream = siege.connect(20 + n % 4).await.expect("a connection");
            // What is not taken is broken off.
            let _ = stream.write_all(long.as_bytes()).await;
            stream
        });
        let connections = join_all(connections).await;
        siege.meanwhile(20).await;
        connections
    };
    let connections = siege.attack("240 headers of 300 kB", attack).await;
    for stream in connections {
        assert!(!rest(stream).await.contains("200 OK"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_idle_sockets_hold_up_nobody() {
    let siege = Siege::begin(TestApp::sqlite().await).await;
    let upgrade = "GET /graphql HTTP/1.1\r\nhost: here\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        sec-websocket-protocol: graphql-transport-ws\r\n\r\n";
    let attack = async {
        let mut sockets = Vec::new();
        for _ in 0..5 {
            sockets.extend(many(&siege, 50, upgrade).await);
        }
        for socket in &mut sockets {
            let mut answer = [0; 12];
            socket.read_exact(&mut answer).await.expect("an answer");
            assert_eq!(&answer, b"HTTP/1.1 101");
        }
        siege.meanwhile(20).await;
        sockets
    };
    let sockets = siege.attack("1,000 idle sockets", attack).await;
    assert_eq!(sockets.len(), 1_000);
    // Who does not say who he is, is not waited for: 4408, as two bytes at the frame's begin.
    for socket in sockets {
        let end = async {
            let (mut socket, mut end) = (socket, Vec::new());
            let _ = socket.read_to_end(&mut end).await;
            end
        };
        let end = end.await;
        assert!(
            end.windows(2).any(|it| it == 4_408_u16.to_be_bytes()),
            "{end:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_by_the_thousand_from_one_source_leave_room_for_the_others() {
    let siege = Siege::begin(TestApp::sqlite().await).await;
    let hello = "GET /graphql?query=%7B__typename%7D HTTP/1.1\r\nhost: here\r\n\r\n";
    let attack = async {
        let mut held = Vec::new();
        for _ in 0..2_000 {
            let Ok(mut stream) = siege.connect(30).await else {
                continue;
            };
            let mut answer = [0; 12];
            let _ = stream.write_all(hello.as_bytes()).await;
            if stream.read_exact(&mut answer).await.is_ok() && &answer == b"HTTP/1.1 200" {
                held.push(stream);
            }
        }
        siege.meanwhile(20).await;
        held.len()
    };
    let held = siege
        .attack("2,000 connections from one source", attack)
        .await;
    assert_eq!(held, 256);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_subscribers_that_do_not_read_hold_up_nobody() {
    let app = TestApp::sqlite().await;
    let siege = Siege::begin(app).await;
    let (app, agent) = (&siege.app, &siege.agent);
    let operator = app.operator().await;
    let customer = app.customer_of(agent).await;
    app.wire(&operator, agent, "1000.00").await;
    let document = "subscription { agentEvents { cursor __typename balance { available } } }";
    let body = json!({ "query": document }).to_string();
    let request = format!(
        "POST /graphql/stream HTTP/1.1\r\nhost: here\r\naccept: text/event-stream\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        siege.token,
        body.len()
    );
    let transfer = "mutation($input: TransferFundsInput!) { transferFunds(input: $input) {
        transfer { id } userErrors { code } } }";
    let http = super::siege::client(9);
    let attack = async {
        let mut deaf = many(&siege, 12, &request).await;
        deaf.extend(many(&siege, 1, &request).await);
        for stream in &mut deaf {
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.expect("an answer");
            assert_eq!(&answer, b"HTTP/1.1 200");
        }
        // And from now on they are not read.
        for nth in 0..10 {
            let input = json!({ "customerId": customer.id, "amount": "0.0100", "idempotencyKey": format!("deaf-{nth}") });
            let body = json!({ "query": transfer, "variables": { "input": input } });
            let request = http
                .post(siege.server.url())
                .bearer_auth(&siege.token)
                .json(&body);
            let answer: serde_json::Value = request
                .send()
                .await
                .expect("an answer")
                .json()
                .await
                .expect("JSON");
            text(&answer["data"]["transferFunds"]["transfer"]["id"]);
        }
        deaf.len()
    };
    let deaf = siege
        .attack("52 subscribers that do not read", attack)
        .await;
    assert_eq!(deaf, 52);
}
