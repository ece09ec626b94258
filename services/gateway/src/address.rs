//! Addresses of those who come.

use std::net::{IpAddr, Ipv6Addr};

/// Where an address belongs: a household or a server is given a whole IPv6
/// network of 64 bits, so its last 64 say nothing.
pub(crate) fn origin(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}
