//! Slow and greedy clients: whoever does not read, has too many connections, or sends more than its part.

use std::time::Duration;

use agent_program::config::Crowd;
use agent_program::http::Patience;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::small::SmallServer;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_mins(1);

const HELLO: &[u8] = b"GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nhost: here\r\n\r\n";

async fn connect(server: &SmallServer) -> TcpStream {
    TcpStream::connect(&server.address).await.expect("a server")
}

/// What is answered to a greeting, or that nothing is.
async fn greet(stream: &mut TcpStream) -> String {
    let mut answer = vec![0; 1_024];
    let _ = stream.write_all(HELLO).await;
    let read = timeout(LONG, stream.read(&mut answer)).await;
    let length = read.expect("an answer").unwrap_or_default();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

fn few(of_a_source: Option<usize>) -> Crowd {
    Crowd {
        connections: 8,
        of_a_source,
    }
}

#[tokio::test]
async fn answers_that_are_never_read_are_not_kept_for_ever() {
    let patience = Patience {
        unread: Duration::from_millis(100),
        ..Patience::default()
    };
    let server = SmallServer::crowded(patience, Crowd::default()).await;
    let mut deaf = connect(&server).await;
    let query = format!("{{ hello(name: \"{}\") }}", "x".repeat(90_000));
    let body = json!({ "query": query }).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    // Until both sides' buffers are full, and then until the server has enough of it.
    let asking = async {
        while deaf
            .write_all((head.clone() + &body).as_bytes())
            .await
            .is_ok()
        {}
    };
    timeout(LONG, asking).await.expect("the server hangs up");
    assert!(
        greet(&mut connect(&server).await)
            .await
            .starts_with("HTTP/1.1 200")
    );
}

#[tokio::test]
async fn a_source_has_so_many_connections_and_sockets_count_as_well() {
    let server = SmallServer::crowded(Patience::default(), few(Some(2))).await;
    let mut first = connect(&server).await;
    assert!(greet(&mut first).await.starts_with("HTTP/1.1 200"));
    let upgrade =
        b"GET /graphql HTTP/1.1\r\nhost: here\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        sec-websocket-protocol: graphql-transport-ws\r\n\r\n";
    let mut socket = connect(&server).await;
    socket.write_all(upgrade).await.expect("a connection");
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 101");
    let mut third = connect(&server).await;
    let mut told = Vec::new();
    timeout(LONG, third.read_to_end(&mut told))
        .await
        .expect("an end")
        .expect("an answer");
    let told = String::from_utf8(told).expect("text");
    let (head, body) = told.split_once("\r\n\r\n").expect("a body");
    assert!(
        head.starts_with("HTTP/1.1 503") && head.contains("retry-after: 1"),
        "{head}"
    );
    let body: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(body["errors"][0]["extensions"]["code"], "OVERLOADED");
    // One that leaves makes room; it takes the server a moment to see it.
    drop(socket);
    let again = async {
        while !greet(&mut connect(&server).await)
            .await
            .starts_with("HTTP/1.1 200")
        {}
    };
    timeout(LONG, again).await.expect("room");
    assert!(greet(&mut first).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn without_a_limit_for_each_all_share_what_there_is() {
    let server = SmallServer::crowded(Patience::default(), few(None)).await;
    let mut all = Vec::new();
    for _ in 0..8 {
        let mut stream = connect(&server).await;
        assert!(greet(&mut stream).await.starts_with("HTTP/1.1 200"));
        all.push(stream);
    }
    // The ninth waits, and has its turn when one leaves.
    let mut ninth = connect(&server).await;
    ninth.write_all(HELLO).await.expect("a connection");
    all.pop();
    let mut answer = [0; 12];
    timeout(LONG, ninth.read_exact(&mut answer))
        .await
        .expect("a turn")
        .expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test]
async fn a_request_is_called_what_its_client_calls_it() {
    let server = SmallServer::start().await;
    let ask = async |id: Option<&str>| {
        let body = json!({ "query": "{ fails }" });
        let mut request = Client::new().post(server.url()).json(&body);
        if let Some(id) = id {
            request = request.header("x-request-id", id);
        }
        let response = request.send().await.expect("an answer");
        let header = response.headers()["x-request-id"]
            .to_str()
            .expect("text")
            .to_owned();
        let answer: Value = response.json().await.expect("JSON");
        // The masked error has the same name, by which the log knows its cause.
        assert_eq!(answer["errors"][0]["extensions"]["requestId"], header);
        header
    };
    assert_eq!(ask(Some("order-4711.a")).await, "order-4711.a");
    for insane in [
        None,
        Some("two words"),
        Some("\"quoted\""),
        Some(&"x".repeat(129)),
    ] {
        assert_eq!(ask(insane).await.len(), 32, "{insane:?}");
    }
}
