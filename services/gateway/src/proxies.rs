//! Whom to believe about where a request comes from.

use crate::Peer;
use http::HeaderMap;
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::net::IpAddr;

/// Proxies in front of this gateway whose `X-Forwarded-For` and
/// `X-Forwarded-Proto` are believed. Nobody else's are: anybody can send them.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// These networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The other end, seen through the proxies: of the addresses that they
    /// noted, the last that is not one of them. What stands further left was
    /// sent by the other end itself and proves nothing.
    pub(crate) fn see_through(&self, peer: Peer, headers: &HeaderMap) -> Peer {
        if !self.trusts(peer.address) {
            return peer;
        }
        let mut seen = peer;
        let noted: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .flat_map(|value| value.to_str().unwrap_or("?").split(','))
            .collect();
        for text in noted.iter().rev() {
            // Something that is no address was not written by a proxy.
            let Some(address) = parse(text.trim()) else { break };
            seen.address = address;
            if !self.trusts(address) {
                break;
            }
        }
        if let Some(scheme) = headers.get_all("x-forwarded-proto").iter().next_back() {
            seen.secure = scheme
                .as_bytes()
                .rsplit(|b| *b == b',')
                .next()
                .is_some_and(|last| last.trim_ascii().eq_ignore_ascii_case(b"https"));
        }
        seen
    }
}

/// `10.0.0.1`, `2001:db8::1`, and with a port as some proxies write it.
fn parse(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip()))
        .map(|address| address.to_canonical())
}

/// Networks, `10.0.0.0/8`, or single addresses.
impl<'de> Deserialize<'de> for Proxies {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let network = |text: String| {
            text.parse::<IpNet>()
                .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| D::Error::custom(format!("«{text}» không phải địa chỉ hay mạng IP")))
        };
        Vec::<String>::deserialize(source)?
            .into_iter()
            .map(network)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::Proxies;
    use crate::Peer;
    use http::HeaderMap;
    use serde::{
        Deserialize as _,
        de::{IntoDeserializer, value::Error},
    };

    fn seen(from: &str, forwarded: &[&str]) -> String {
        let texts = vec!["10.0.0.0/8", "192.168.1.1"];
        let proxies =
            Proxies::deserialize(IntoDeserializer::<Error>::into_deserializer(texts)).unwrap();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let peer = Peer { address: from.parse().unwrap(), secure: false };
        proxies.see_through(peer, &headers).address.to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(seen("203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
    }

    #[test]
    fn of_what_proxies_noted_the_last_stranger_counts() {
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        // Whatever the other end made up stands further left.
        assert_eq!(seen("10.0.0.1", &["1.2.3.4, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4", "198.51.100.1, 192.168.1.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["x, 198.51.100.1:4711,10.1.1.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, unknown"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["10.0.0.9"]), "10.0.0.9");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
    }

    #[test]
    fn a_proxy_says_whether_it_was_reached_over_tls() {
        let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-proto", "http, HTTPS".parse().unwrap());
        let peer = |address: &str| Peer { address: address.parse().unwrap(), secure: false };
        assert!(proxies.see_through(peer("10.0.0.1"), &headers).secure);
        assert!(!proxies.see_through(peer("11.0.0.1"), &headers).secure);
    }
}
