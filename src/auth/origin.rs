use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

/// Where a request comes from, and what it is called in the logs: it travels with the [`super::Actor`].
///
/// The default is a request that came by no connection: from within the process, as in a test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The sender's, as far as it can be believed: the peer's, or what a trusted proxy says of it.
    pub address: Option<IpAddr>,
    /// What `X-Request-Id` and masked errors name.
    pub request_id: Arc<str>,
}

/// Whom attempts are counted for: an IPv4 address, or the /64 that one IPv6 host has all of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source(Option<IpAddr>);

impl Origin {
    /// The same sender's, with another request.
    #[must_use]
    pub fn with_request(&self, request_id: Arc<str>) -> Self {
        Self {
            request_id,
            ..self.clone()
        }
    }

    /// Whom its attempts are counted for.
    #[must_use]
    pub fn source(&self) -> Source {
        Source::of(self.address)
    }
}

impl Source {
    fn of(address: Option<IpAddr>) -> Self {
        Self(address.map(|address| match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() >> 64 << 64;
                Ipv6Addr::from_bits(network).into()
            }
            address @ IpAddr::V4(_) => address,
        }))
    }
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        Self::of(Some(address))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(IpAddr::V6(network)) => write!(f, "{network}/64"),
            Some(address) => write!(f, "{address}"),
            None => f.write_str("within"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(address: &str) -> String {
        Source::from(address.parse::<IpAddr>().unwrap()).to_string()
    }

    #[test]
    fn an_ipv6_host_is_its_64_and_a_mapped_ipv4_itself() {
        assert_eq!(source("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(source("2001:db8:1:2::"), "2001:db8:1:2::/64");
        assert_eq!(source("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(source("192.0.2.7"), "192.0.2.7");
        assert_eq!(Source::default().to_string(), "within");
    }
}
