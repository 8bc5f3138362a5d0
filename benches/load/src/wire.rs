//! One connection over HTTP/1.1 that is kept open.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::body::filled;
use super::outcome::Fault;
use super::scenario::Kind;

pub struct Wire {
    authority: String,
    path: String,
    sender: SendRequest<Full<Bytes>>,
}

impl Wire {
    pub async fn open(url: &str) -> Result<Self, Fault> {
        let uri: Uri = url.parse()?;
        let authority = uri.authority().ok_or("a URL without a host")?.to_string();
        let stream = TcpStream::connect(&authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self {
            authority,
            path: uri.path().to_owned(),
            sender,
        })
    }

    /// Asks; `Err` tells what was wrong with the answer.
    pub async fn ask(&mut self, kind: &Kind, number: u64) -> Result<(), String> {
        let mut request = Request::post(&self.path)
            .header("host", &self.authority)
            .header("content-type", "application/json")
            .header("accept", "application/json");
        for (name, value) in &kind.headers {
            request = request.header(name, filled(kind, value, number));
        }
        let body = Full::from(filled(kind, &kind.body, number));
        let request = request.body(body).map_err(|error| error.to_string())?;
        let answer = self.answer(request).await;
        let answer = answer.map_err(|error| error.to_string())?;
        let holds = |text: &str| {
            answer
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        };
        if holds(&kind.expect) && !kind.refuse.as_deref().is_some_and(holds) {
            Ok(())
        } else {
            let start = &answer[..answer.len().min(600)];
            Err(String::from_utf8_lossy(start).into_owned())
        }
    }

    async fn answer(&mut self, request: Request<Full<Bytes>>) -> Result<Bytes, hyper::Error> {
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        Ok(answer.into_body().collect().await?.to_bytes())
    }
}
