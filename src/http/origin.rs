//! Where a request comes from: the peer, or what trusted proxies say of who spoke to them; and what it is called.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Once;

use axum::extract::FromRequestParts;
use axum::http::header::{FORWARDED, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};

use super::door::Door;
use super::engine::Engine;
use super::request_id::RequestId;
use crate::auth::Origin;
use crate::config::{Proxies, ProxyHeader};

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub IpAddr);

fn name(header: ProxyHeader) -> HeaderName {
    match header {
        ProxyHeader::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
        ProxyHeader::Forwarded => FORWARDED,
    }
}

/// The address of one hop; `None` for what is no address, such as `unknown` and `_hidden`.
fn address(header: ProxyHeader, hop: &str) -> Option<IpAddr> {
    match header {
        ProxyHeader::XForwardedFor => node(hop),
        ProxyHeader::Forwarded => hop.split(';').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let is_for = name.trim().eq_ignore_ascii_case("for");
            is_for.then(|| node(value)).flatten()
        }),
    }
}

/// `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::1`, `[2001:db8::1]`, `"[2001:db8::1]:4711"`.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let with_port = || text.parse::<SocketAddr>().ok().map(|it| it.ip());
    let address = bare.parse().ok().or_else(with_port)?;
    Some(IpAddr::to_canonical(&address))
}

/// The sender: the peer, unless that is a trusted proxy; then whoever stands furthest to the right of its list and is
/// none. What stands left of it anybody could have written.
fn sender(proxies: &Proxies, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let mut sender = peer.to_canonical();
    let values = headers.get_all(name(proxies.header));
    let values: Vec<&str> = values.iter().map(text).collect();
    if !values.is_empty() && !proxies.trust(sender) {
        tell_of_a_strange_proxy(sender);
    }
    for hop in values.iter().rev().flat_map(|value| value.rsplit(',')) {
        if !proxies.trust(sender) {
            break;
        }
        match address(proxies.header, hop) {
            Some(address) => sender = address,
            // Its proxy does not know: then all that it forwards counts as the proxy's.
            None => break,
        }
    }
    sender
}

/// Once: whoever runs the server behind a proxy and has not named it has one source for everybody.
fn tell_of_a_strange_proxy(peer: IpAddr) {
    static TOLD: Once = Once::new();
    let within = match peer {
        IpAddr::V4(peer) => peer.is_loopback() || peer.is_private(),
        IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local(),
    };
    if within {
        TOLD.call_once(|| {
            tracing::warn!(
                %peer,
                "requests come through a proxy that is not among --trusted-proxies: all its clients count as one source"
            );
        });
    }
}

fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default()
}

impl<E: Engine> FromRequestParts<Door<E>> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, door: &Door<E>) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>();
        let named = parts.extensions.get::<RequestId>();
        let RequestId(request_id) = named
            .cloned()
            .unwrap_or_else(|| RequestId::of(&parts.headers));
        Ok(Self {
            address: peer.map(|peer| sender(&door.proxies, peer.0, &parts.headers)),
            request_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(header: ProxyHeader) -> Proxies {
        let trusted = ["10.0.0.0/8", "2001:db8:ffff::/48"];
        Proxies {
            trusted: trusted.map(|net| net.parse().unwrap()).to_vec(),
            header,
        }
    }

    fn sender(header: ProxyHeader, peer: &str, values: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name(header), value.parse().unwrap());
        }
        let peer = peer.parse().unwrap();
        super::sender(&proxies(header), peer, &headers).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_what_it_wrote_itself() {
        let by = |peer, values: &[&str]| sender(ProxyHeader::XForwardedFor, peer, values);
        // No proxy of ours: it may write what it likes.
        assert_eq!(by("192.0.2.1", &["198.51.100.9"]), "192.0.2.1");
        assert_eq!(by("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(by("10.0.0.1", &["198.51.100.9"]), "198.51.100.9");
        // What the client sent itself stands to the left.
        assert_eq!(by("10.0.0.1", &["127.0.0.1, 198.51.100.9"]), "198.51.100.9");
        assert_eq!(
            by("10.0.0.1", &["10.9.9.9, 198.51.100.9, 10.0.0.2"]),
            "198.51.100.9"
        );
        assert_eq!(
            by("10.0.0.1", &["1.1.1.1", "198.51.100.9,10.0.0.2"]),
            "198.51.100.9"
        );
        assert_eq!(
            by("::ffff:10.0.0.1", &["198.51.100.9:4711"]),
            "198.51.100.9"
        );
        assert_eq!(by("10.0.0.1", &["1.1.1.1, rubbish"]), "10.0.0.1");
        assert_eq!(by("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(by("10.0.0.1", &["2001:db8::7"]), "2001:db8::7");
    }

    #[test]
    fn the_other_header_is_nobodys_word() {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED, "for=198.51.100.9".parse().unwrap());
        let peer = "10.0.0.1".parse().unwrap();
        let by = super::sender(&proxies(ProxyHeader::XForwardedFor), peer, &headers);
        assert_eq!(by.to_string(), "10.0.0.1");
    }

    #[test]
    fn forwarded_is_read_by_rfc_7239() {
        let by = |values: &[&str]| sender(ProxyHeader::Forwarded, "10.0.0.1", values);
        assert_eq!(
            by(&["for=198.51.100.9;proto=https;by=10.0.0.1"]),
            "198.51.100.9"
        );
        assert_eq!(
            by(&["proto=http; For=\"[2001:db8::7]:4711\""]),
            "2001:db8::7"
        );
        assert_eq!(
            by(&["for=1.1.1.1, for=\"[2001:db8::7]\", for=10.0.0.2"]),
            "2001:db8::7"
        );
        assert_eq!(by(&["for=1.1.1.1, for=_hidden"]), "10.0.0.1");
        assert_eq!(by(&["for=unknown"]), "10.0.0.1");
    }
}
