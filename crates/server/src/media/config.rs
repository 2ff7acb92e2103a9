use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where media is received, and what participants are told about it.
#[derive(Clone)]
pub struct MediaConfig {
    /// Address to bind. Shard i listens on `port + i`; port 0 lets the system choose each.
    pub listen: SocketAddr,
    /// Threads, 1 to [`MediaConfig::MAX_SHARDS`].
    pub shards: usize,
    /// Addresses put into answers as host candidates. Firefox ignores a lone 127.0.0.1: use
    /// [`own_addresses`] when the operator names none.
    pub advertise: Vec<IpAddr>,
}

impl MediaConfig {
    /// A room's shards are one bit set.
    pub const MAX_SHARDS: usize = 32;
}

/// This machine's own addresses, loopback last; link-local ones are left out.
pub fn own_addresses() -> Vec<IpAddr> {
    let found = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<IpAddr> =
        found.iter().filter(|i| !i.is_loopback() && !i.is_link_local()).map(|i| i.ip()).collect();
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses.dedup();
    addresses.push(Ipv4Addr::LOCALHOST.into());
    addresses
}
