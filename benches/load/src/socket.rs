//! One subscriber: a WebSocket that speaks `graphql-transport-ws`.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::outcome::Fault;
use super::scenario::Listening;

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects, and subscribes: as one of those who listen.
    pub async fn open(listening: &Listening, nth: usize) -> Result<Self, Fault> {
        let mut request = listening.url.as_str().into_client_request()?;
        let protocol = "graphql-transport-ws".parse()?;
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let (stream, _) = connect_async(request).await?;
        let mut socket = Self(stream);
        let init = json!({ "type": "connection_init", "payload": listening.inits.get(nth % listening.inits.len().max(1)) });
        socket.say(&init).await?;
        let answer = tokio::time::timeout(Duration::from_secs(20), socket.hear()).await??;
        if !answer.contains("connection_ack") {
            return Err(answer.into());
        }
        let subscribe =
            json!({ "type": "subscribe", "id": "1", "payload": { "query": listening.query } });
        socket.say(&subscribe).await?;
        Ok(socket)
    }

    async fn say(&mut self, message: &Value) -> Result<(), Fault> {
        let text = message.to_string();
        Ok(self.0.send(Message::text(text)).await?)
    }

    /// The next text; pings are answered meanwhile.
    pub async fn hear(&mut self) -> Result<String, Fault> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) if text.contains("\"ping\"") => {
                    self.say(&json!({ "type": "pong" })).await?;
                }
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                Some(Ok(Message::Close(close))) => return Err(format!("closed: {close:?}").into()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => return Err("closed".into()),
            }
        }
    }
}
