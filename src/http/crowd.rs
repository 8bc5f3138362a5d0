//! How many connections there are at a time: of all together, and of one source.

use std::net::IpAddr;
use std::sync::{Arc, Once};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::seats::{Seat, Seats};
use crate::auth::Source;
use crate::config::{Crowd, Proxies};

/// Where connections find their place.
pub(super) struct Places {
    all: Arc<Semaphore>,
    /// Not for the proxies in front: each of their connections speaks for somebody else, and perhaps for many.
    of_a_source: Option<Seats<Source>>,
    proxies: Arc<Proxies>,
}

/// A connection's place, until it is dropped.
pub(super) struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_its_source: Option<Seat>,
}

impl Places {
    pub(super) fn new(crowd: Crowd, proxies: Arc<Proxies>) -> Self {
        Self {
            all: Arc::new(Semaphore::new(crowd.connections)),
            of_a_source: crowd.of_a_source.map(Seats::new),
            proxies,
        }
    }

    /// Waits until there is room for one more.
    pub(super) async fn free(&self) -> OwnedSemaphorePermit {
        let free = self.all.clone().acquire_owned().await;
        free.expect("it is never closed")
    }

    /// The place of a connection from `peer`; nothing where its source has all that it may.
    pub(super) fn take(&self, free: OwnedSemaphorePermit, peer: IpAddr) -> Option<Place> {
        let of_its_source = match &self.of_a_source {
            Some(seats) if !self.proxies.trust(peer) => {
                let seat = seats.take(peer.into());
                if seat.is_none() {
                    tell(peer, seats.most);
                }
                Some(seat?)
            }
            _ => None,
        };
        Some(Place {
            _of_all: free,
            _of_its_source: of_its_source,
        })
    }
}

/// Once: it is a flood, which should not fill the log too, or a proxy that nobody named.
fn tell(peer: IpAddr, most: usize) {
    static TOLD: Once = Once::new();
    metrics::counter!("agent_program_connections_refused_total").increment(1);
    TOLD.call_once(|| {
        tracing::warn!(
            %peer,
            most,
            "a source has all connections that one may have; if it is a proxy, name it in --trusted-proxies"
        );
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_source_has_so_many_a_proxy_as_many_as_there_are_and_all_together_no_more() {
        let crowd = Crowd {
            connections: 5,
            of_a_source: Some(2),
        };
        let proxies = Proxies {
            trusted: vec!["10.0.0.0/8".parse().unwrap()],
            ..Proxies::default()
        };
        let places = Places::new(crowd, Arc::new(proxies));
        let take = async |peer: &str| places.take(places.free().await, peer.parse().unwrap());
        let first = take("192.0.2.1").await;
        let _second = take("::ffff:192.0.2.1").await.unwrap();
        assert!(take("192.0.2.1").await.is_none());
        drop(first);
        let _first = take("192.0.2.1").await.unwrap();
        let _proxy = take("10.0.0.1").await.unwrap();
        let _again = take("10.0.0.1").await.unwrap();
        let last = take("10.0.0.1").await.unwrap();
        assert_eq!(places.all.available_permits(), 0);
        drop(last);
        assert_eq!(places.all.available_permits(), 1);
    }
}
