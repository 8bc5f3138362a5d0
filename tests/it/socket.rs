//! GraphQL over WebSocket, as clients of `graphql-transport-ws` meet it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use agent_program::http::SocketOptions;
use chrono::TimeDelta;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::small::SmallServer;

/// Longer than anything takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn connect(server: &SmallServer) -> Self {
        Self::with(
            server,
            &[("sec-websocket-protocol", "graphql-transport-ws")],
        )
        .await
        .expect("the socket opens")
    }

    async fn with(
        server: &SmallServer,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tokio_tungstenite::tungstenite::Error> {
        let url = format!("ws://{}/graphql", server.address);
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        Ok(Self(connect_async(request).await?.0))
    }

    /// Connected, and acknowledged.
    async fn welcome(server: &SmallServer) -> Self {
        let mut client = Self::connect(server).await;
        let payload = json!({ "authorization": "Bearer good" });
        client
            .say(json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(client.hear().await, json!({ "type": "connection_ack" }));
        client
    }

    async fn say(&mut self, message: Value) {
        self.0
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        let payload = json!({ "query": query });
        self.say(json!({ "type": "subscribe", "id": id, "payload": payload }))
            .await;
    }

    async fn frame(&mut self) -> Message {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.0.next());
            match frame
                .await
                .expect("in time")
                .expect("more")
                .expect("a frame")
            {
                Message::Ping(_) | Message::Pong(_) => {}
                frame => return frame,
            }
        }
    }

    async fn hear(&mut self) -> Value {
        match self.frame().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// The code that the socket is closed with, whatever else comes before.
    async fn closed(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.frame().await {
                return frame.expect("a reason").code.into();
            }
        }
    }
}

#[tokio::test]
async fn a_subscription_is_followed_to_its_end_and_its_id_is_free_again() {
    let server = SmallServer::start().await;
    let mut client = Client::welcome(&server).await;
    for _ in 0..2 {
        client.subscribe("1", "subscription { ticks(to: 2) }").await;
        for tick in 0..2 {
            let payload = json!({ "data": { "ticks": tick } });
            let next = json!({ "type": "next", "id": "1", "payload": payload });
            assert_eq!(client.hear().await, next);
        }
        assert_eq!(
            client.hear().await,
            json!({ "type": "complete", "id": "1" })
        );
    }
}

#[tokio::test]
async fn a_query_is_answered_on_a_socket_too() {
    let server = SmallServer::start().await;
    let mut client = Client::welcome(&server).await;
    let payload = json!({
        "query": "query A { hello } query B($n: String) { hello(name: $n) }",
        "operationName": "B",
        "variables": { "n": "you" },
    });
    client
        .say(json!({ "type": "subscribe", "id": "q", "payload": payload }))
        .await;
    let next = client.hear().await;
    assert_eq!(next["payload"]["data"]["hello"], "hello you");
    assert_eq!(client.hear().await["type"], "complete");
}

#[tokio::test]
async fn a_panic_is_one_masked_error_and_the_socket_goes_on() {
    let server = SmallServer::start().await;
    let mut client = Client::welcome(&server).await;
    for query in ["{ panics }", "subscription { breaks }"] {
        client.subscribe("p", query).await;
        let mut told = client.hear().await;
        if told["payload"]["data"]["breaks"] == 1 {
            told = client.hear().await;
        }
        assert!(told.to_string().contains("INTERNAL_SERVER_ERROR"), "{told}");
        assert!(!told.to_string().contains("secret"), "{told}");
        if told["type"] == "next" {
            assert_eq!(client.hear().await["type"], "complete");
        }
        client.subscribe("q", "{ hello }").await;
        assert_eq!(client.hear().await["payload"]["data"]["hello"], "hello ");
        assert_eq!(client.hear().await["type"], "complete");
    }
}

#[tokio::test]
async fn a_refused_document_is_one_error_and_nothing_after() {
    let server = SmallServer::start().await;
    let mut client = Client::welcome(&server).await;
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($to: Int!) { count(to: $to) }", "BAD_USER_INPUT"),
        ("subscription { nothing }", "CURSOR_EXPIRED"),
    ] {
        client.subscribe("1", query).await;
        let error = client.hear().await;
        assert_eq!(
            (&error["type"], &error["id"]),
            (&json!("error"), &json!("1"))
        );
        assert_eq!(error["payload"][0]["extensions"]["code"], code, "{query}");
    }
    client.say(json!({ "type": "ping" })).await;
    assert_eq!(client.hear().await, json!({ "type": "pong" }));
}

#[tokio::test]
async fn what_breaks_the_protocol_closes_the_socket() {
    let server = SmallServer::start().await;
    let init = json!({ "type": "connection_init", "payload": { "authorization": "Bearer good" } });
    let silence = json!({ "type": "subscribe", "id": "1", "payload": { "query": "subscription { silence }" } });
    let big = json!({ "type": "ping", "payload": { "x": "x".repeat(200_000) } });
    for (messages, code) in [
        (vec![silence.clone()], 4401),
        (vec![init.clone(), init.clone()], 4429),
        (vec![init.clone(), silence.clone(), silence.clone()], 4409),
        (vec![init.clone(), json!({ "type": "start" })], 4400),
        (vec![json!(3)], 4400),
        (vec![json!({ "type": "connection_init" })], 4403),
        (
            vec![
                json!({ "type": "connection_init", "payload": { "authorization": "Bearer bad" } }),
            ],
            4403,
        ),
        (vec![big], 1009),
    ] {
        let mut client = Client::connect(&server).await;
        for message in &messages {
            client.say(message.clone()).await;
        }
        assert_eq!(client.closed().await, code, "{messages:?}");
    }
    let mut client = Client::welcome(&server).await;
    client.0.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(client.closed().await, 4400);
}

#[tokio::test]
async fn an_operation_that_is_completed_is_silent_and_its_id_is_free() {
    let server = SmallServer::start().await;
    let mut client = Client::welcome(&server).await;
    client.subscribe("1", "subscription { silence }").await;
    client.say(json!({ "type": "complete", "id": "1" })).await;
    client.subscribe("1", "{ hello }").await;
    assert_eq!(client.hear().await["type"], "next");
    assert_eq!(
        client.hear().await,
        json!({ "type": "complete", "id": "1" })
    );
}

#[tokio::test]
async fn a_socket_runs_so_many_operations_at_a_time() {
    let server = SmallServer::start().await;
    let mut client = Client::welcome(&server).await;
    for id in 0..21 {
        client
            .subscribe(&id.to_string(), "subscription { silence }")
            .await;
    }
    let error = client.hear().await;
    assert_eq!(
        (&error["type"], &error["id"]),
        (&json!("error"), &json!("20"))
    );
}

#[tokio::test]
async fn whoever_does_not_say_who_he_is_is_not_waited_for() {
    let sockets = SocketOptions {
        init: Duration::from_millis(50),
        ..SocketOptions::default()
    };
    let server = SmallServer::with(sockets, TimeDelta::minutes(10)).await;
    assert_eq!(Client::connect(&server).await.closed().await, 4408);
}

#[tokio::test]
async fn a_token_that_runs_out_and_a_session_that_ends_close_the_socket() {
    let server = SmallServer::with(SocketOptions::default(), TimeDelta::milliseconds(200)).await;
    assert_eq!(Client::welcome(&server).await.closed().await, 4403);
    let server = SmallServer::start().await;
    let mut client = Client::welcome(&server).await;
    client.subscribe("1", "subscription { silence }").await;
    server.end_session();
    assert_eq!(client.closed().await, 4403);
}

#[tokio::test]
async fn whoever_reads_too_slowly_is_told_to_come_back() {
    let sockets = SocketOptions {
        patience: Duration::from_millis(200),
        ..SocketOptions::default()
    };
    let server = SmallServer::with(sockets, TimeDelta::minutes(10)).await;
    let mut slow = Client::welcome(&server).await;
    slow.subscribe("1", "subscription { flood }").await;
    // Another one is served meanwhile, for longer than the slow one is waited for.
    let mut other = Client::welcome(&server).await;
    let begin = std::time::Instant::now();
    while begin.elapsed() < Duration::from_millis(600) {
        other.subscribe("1", "{ hello }").await;
        assert_eq!(other.hear().await["type"], "next");
        assert_eq!(other.hear().await["type"], "complete");
    }
    assert_eq!(slow.closed().await, 4503);
}

#[tokio::test]
async fn a_mutation_comes_to_its_end_when_its_client_has_gone() {
    let mut server = SmallServer::start().await;
    let mut client = Client::welcome(&server).await;
    client.subscribe("1", "mutation { bump }").await;
    server.world.begun.notified().await;
    client.0.close(None).await.unwrap();
    drop(client);
    server.begin_stop();
    server.world.let_on.notify_one();
    server.stop().await;
    assert_eq!(server.world.bumps.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_stop_closes_the_sockets() {
    let mut server = SmallServer::start().await;
    let mut client = Client::welcome(&server).await;
    client.subscribe("1", "subscription { silence }").await;
    server.begin_stop();
    assert_eq!(client.closed().await, 1001);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn only_the_pages_that_are_let_in_open_sockets_and_only_in_our_protocol() {
    let server = SmallServer::start().await;
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    let ours = [protocol, ("origin", "https://example.com")];
    assert!(Client::with(&server, &ours).await.is_ok());
    let foreign = [protocol, ("origin", "https://evil.example")];
    assert!(Client::with(&server, &foreign).await.is_err());
    let mut old = Client::with(&server, &[]).await.unwrap();
    assert_eq!(old.closed().await, 4406);
}

#[tokio::test]
async fn an_operation_on_a_socket_comes_from_where_the_socket_does() {
    let server = SmallServer::start().await;
    let headers = [
        ("sec-websocket-protocol", "graphql-transport-ws"),
        ("x-forwarded-for", "192.0.2.1, 198.51.100.9"),
    ];
    let mut client = Client::with(&server, &headers).await.unwrap();
    let payload = json!({ "authorization": "Bearer good" });
    client
        .say(json!({ "type": "connection_init", "payload": payload }))
        .await;
    client.hear().await;
    client.subscribe("1", "{ source }").await;
    let payload = json!({ "data": { "source": "198.51.100.9" } });
    let next = json!({ "type": "next", "id": "1", "payload": payload });
    assert_eq!(client.hear().await, next);
}
