//! Whoever is signed out is out: his open sockets too, in every process.

use std::time::Duration;

use agent_program::http;
use agent_program::program::Terms;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::support::app::{PASSWORD, TestApp, text};

/// Longer than anything takes, and shorter than the next ping: a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(15);

/// The whole program behind its real door.
struct Served {
    address: String,
    _stop: DropGuard,
}

impl Served {
    async fn start(app: &TestApp) -> Self {
        let door = app.app.door();
        let routes = http::routes(&door, app.app.db.clone(), app.app.sheets.clone(), None);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let stop = CancellationToken::new();
        let serving = http::serve(listener, routes, door, stop.clone().cancelled_owned());
        tokio::spawn(serving);
        Self {
            address,
            _stop: stop.drop_guard(),
        }
    }

    /// A socket of whoever has this token, that follows something where it says what.
    async fn open(&self, token: &str, follows: Option<&str>) -> Socket {
        let url = format!("ws://{}/graphql", self.address);
        let mut request = url.into_client_request().unwrap();
        let protocol = "graphql-transport-ws".parse().unwrap();
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let mut socket = Socket(connect_async(request).await.unwrap().0);
        let payload = json!({ "authorization": format!("Bearer {token}") });
        socket
            .say(&json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        if let Some(query) = follows {
            let payload = json!({ "query": query });
            socket
                .say(&json!({ "type": "subscribe", "id": "1", "payload": payload }))
                .await;
        }
        socket
    }
}

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn say(&mut self, message: &Value) {
        self.0
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }

    async fn frame(&mut self) -> Message {
        let frame = tokio::time::timeout(PATIENCE, self.0.next());
        frame
            .await
            .expect("in time")
            .expect("more")
            .expect("a frame")
    }

    async fn hear(&mut self) -> Value {
        loop {
            match self.frame().await {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The code that it is closed with.
    async fn closed(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.frame().await {
                return frame.expect("a reason").code.into();
            }
        }
    }

    async fn is_open(&mut self) -> bool {
        self.say(&json!({ "type": "ping" })).await;
        self.hear().await["type"] == "pong"
    }
}

const FOLLOWS: &str = "subscription { accountEvents { __typename } }";

on_both!(signing_out_closes_the_sessions_own_sockets_and_no_others);
async fn signing_out_closes_the_sessions_own_sockets_and_no_others(app: TestApp) {
    let served = Served::start(&app).await;
    let customer = app.customer().await;
    let other = app.sign_in(&customer.email).await;
    let mut here = served.open(customer.token(), Some(FOLLOWS)).await;
    let mut idle = served.open(customer.token(), None).await;
    let mut there = served.open(other.token(), None).await;
    customer.mutate("signOut", json!(null), "").await;
    assert_eq!(here.closed().await, 4403);
    assert_eq!(idle.closed().await, 4403);
    assert!(there.is_open().await);
}

on_both!(another_password_closes_the_sockets_of_all_other_sessions);
async fn another_password_closes_the_sockets_of_all_other_sessions(app: TestApp) {
    let served = Served::start(&app).await;
    let customer = app.customer().await;
    let other = app.sign_in(&customer.email).await;
    let mut here = served.open(customer.token(), None).await;
    let mut there = served.open(other.token(), Some(FOLLOWS)).await;
    let change = json!({ "currentPassword": PASSWORD, "newPassword": "a louder harbour" });
    customer.mutate("changePassword", change, "").await;
    assert_eq!(there.closed().await, 4403);
    assert!(here.is_open().await);
}

on_both!(a_stolen_refresh_token_closes_the_sockets_of_its_session);
async fn a_stolen_refresh_token_closes_the_sockets_of_its_session(app: TestApp) {
    let served = Served::start(&app).await;
    let customer = app.customer().await;
    let input = json!({ "email": customer.email, "password": PASSWORD });
    let stranger = app.anonymous();
    let shown = "session { accessToken refreshToken }";
    let signed = stranger.mutate("signIn", input, shown).await;
    let token = json!({ "refreshToken": signed["session"]["refreshToken"] });
    stranger.mutate("refreshSession", token.clone(), "").await;
    let mut socket = served
        .open(text(&signed["session"]["accessToken"]), None)
        .await;
    app.pass(chrono::TimeDelta::seconds(31));
    stranger.refused("refreshSession", token).await;
    assert_eq!(socket.closed().await, 4403);
}

on_both!(a_revoked_key_closes_its_machines_sockets);
async fn a_revoked_key_closes_its_machines_sockets(app: TestApp) {
    let served = Served::start(&app).await;
    let operator = app.operator().await;
    let key = json!({ "name": "A switch", "role": "SWITCH" });
    let made = operator
        .mutate("createApiKey", key, "secret apiKey { id lastUsedAt }")
        .await;
    assert!(made["apiKey"]["lastUsedAt"].is_null());
    let mut socket = served.open(text(&made["secret"]), None).await;
    let mut other = served
        .open(app.machine("PROCESSOR").await.token(), None)
        .await;
    let known = operator.query("{ apiKeys { id lastUsedAt } }").await;
    let keys = known["apiKeys"].as_array().unwrap();
    let known = keys.iter().find(|key| key["id"] == made["apiKey"]["id"]);
    assert!(known.unwrap()["lastUsedAt"].is_string());
    let revoked = json!({ "apiKeyId": made["apiKey"]["id"] });
    operator
        .mutate("revokeApiKey", revoked, "apiKey { revokedAt }")
        .await;
    assert_eq!(socket.closed().await, 4403);
    assert!(other.is_open().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_another_process_it_is_felt_as_soon() {
    let app = TestApp::postgres().await;
    let elsewhere = app.beside(Terms::default()).await;
    let served = Served::start(&elsewhere).await;
    let customer = app.customer().await;
    let mut socket = served.open(customer.token(), None).await;
    let switch = app.machine("SWITCH").await;
    let mut machine = served.open(switch.token(), None).await;
    customer.mutate("signOut", json!(null), "").await;
    assert_eq!(socket.closed().await, 4403);
    let operator = app.operator().await;
    let keys = operator.query("{ apiKeys { id } }").await;
    let revoked = json!({ "apiKeyId": keys["apiKeys"][0]["id"] });
    operator.mutate("revokeApiKey", revoked, "").await;
    assert_eq!(machine.closed().await, 4403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_public_keys_are_for_everybody_to_read_tokens_by() {
    let app = TestApp::sqlite().await;
    let served = Served::start(&app).await;
    let url = format!("http://{}/.well-known/jwks.json", served.address);
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/jwk-set+json");
    assert_eq!(answer.headers()["cache-control"], "public, max-age=300");
    let keys: Value = answer.json().await.unwrap();
    let keys = keys["keys"].as_array().unwrap();
    let customer = app.customer().await;
    let header = jsonwebtoken::decode_header(customer.token()).unwrap();
    assert_eq!(header.kid.as_deref(), keys[0]["kid"].as_str());
    let x = text(&keys[0]["x"]);
    let key = jsonwebtoken::DecodingKey::from_ed_components(x).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.set_audience(&["agent-program"]);
    validation.validate_exp = false;
    jsonwebtoken::decode::<Value>(customer.token(), &key, &validation).unwrap();
    assert_eq!(keys.len(), 1);
    assert!(keys[0].get("d").is_none());
}
