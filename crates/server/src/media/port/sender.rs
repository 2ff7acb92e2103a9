//! What leaves together: runs of datagrams of one size to one destination, many runs in one system
//! call.

use super::batch::{self, Run};
use mio::net::UdpSocket;
use sfu::{Departure, Egress};
use std::collections::HashSet;
use std::io::IoSlice;
use std::net::{IpAddr, SocketAddr};

/// Bytes joined for one GSO send; the kernel takes at most 64 kB.
const MAX_RUN_BYTES: usize = 60_000;

pub(in crate::media) struct Sender {
    /// Whether the socket speaks IPv6, with IPv4 mapped into it.
    is_ipv6: bool,
    /// Segments one send may have; 1 without GSO.
    segments: usize,
    /// Addresses this machine sends from; others (a NAT's outside) cannot be set as source.
    own: HashSet<IpAddr>,
    order: Vec<u32>,
    runs: Vec<Run>,
    pub sent: u64,
    pub unsent: u64,
}

impl Sender {
    /// For a socket bound to this address. If that is a definite one, it is every source.
    pub fn new(bound: SocketAddr, segments: usize) -> Sender {
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let choice = interfaces.iter().map(|interface| interface.ip());
        Sender {
            is_ipv6: bound.is_ipv6(),
            segments,
            own: choice.filter(|_| bound.ip().is_unspecified()).collect(),
            order: Vec::new(),
            runs: Vec::new(),
            sent: 0,
            unsent: 0,
        }
    }

    /// Sends and clears everything in the egress, destination by destination.
    pub fn send(&mut self, socket: &UdpSocket, egress: &mut Egress) {
        let departures = egress.departures();
        if departures.is_empty() {
            return;
        }
        self.find(departures);
        let in_order = self.order.iter().map(|index| &departures[*index as usize]);
        let slices: Vec<IoSlice<'_>> = in_order.map(|d| IoSlice::new(egress.bytes(d))).collect();
        let outcome = batch::send(socket, &self.runs, &slices);
        self.sent += outcome.sent;
        self.unsent += outcome.unsent;
        if outcome.no_segments {
            tracing::warn!(
                "the network device takes no segmented sends; datagrams leave one by one"
            );
            self.segments = 1;
        }
        egress.clear();
    }

    /// Orders the datagrams by peer and finds what of them leaves together.
    fn find(&mut self, departures: &[Departure]) {
        self.order.clear();
        self.order.extend(0..departures.len() as u32);
        self.order.sort_unstable_by_key(|index| (departures[*index as usize].group, *index));
        self.find_runs(departures);
    }

    fn find_runs(&mut self, departures: &[Departure]) {
        self.runs.clear();
        let mut rest = self.order.as_slice();
        while let Some(first) = rest.first() {
            let count = self.run_len(departures, rest);
            rest = &rest[count..];
            let first = &departures[*first as usize];
            let from = Some(first.from.ip()).filter(|ip| self.own.contains(ip));
            let to = self.reachable(first.to);
            self.runs.push(Run { to, from, size: first.len(), count });
        }
    }

    /// How many of the first datagrams can leave as one: the same way, of one size, but for a
    /// shorter last one.
    fn run_len(&self, departures: &[Departure], order: &[u32]) -> usize {
        let mut datagrams = order.iter().map(|index| &departures[*index as usize]);
        let Some(first) = datagrams.next() else { return 0 };
        let (mut count, mut bytes) = (1, first.len());
        for next in datagrams {
            bytes += next.len();
            let same_way = next.to == first.to && next.from == first.from;
            let fits = count < self.segments && bytes <= MAX_RUN_BYTES;
            if !same_way || !fits || next.len() > first.len() {
                break;
            }
            count += 1;
            if next.len() < first.len() {
                break;
            }
        }
        count
    }

    fn reachable(&self, to: SocketAddr) -> SocketAddr {
        match to.ip() {
            IpAddr::V4(ip) if self.is_ipv6 => {
                SocketAddr::new(ip.to_ipv6_mapped().into(), to.port())
            }
            _ => to,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn runs(segments: usize, datagrams: &[(u16, usize)]) -> Vec<(u16, usize, usize)> {
        let mut egress = Egress::default();
        for (port, len) in datagrams {
            egress.push(usize::from(*port), address(1), address(*port), &vec![0; *len]);
        }
        let mut sender = Sender::new(address(1), segments);
        sender.find(egress.departures());
        sender.runs.iter().map(|run| (run.to.port(), run.size, run.count)).collect()
    }

    #[test]
    fn what_goes_one_way_leaves_together() {
        let found = runs(64, &[(7, 90), (8, 90), (7, 90), (8, 90), (7, 20)]);
        assert_eq!(found, [(7, 90, 3), (8, 90, 2)]);
    }

    #[test]
    fn a_shorter_datagram_ends_a_run_and_a_longer_one_begins_the_next() {
        let found = runs(64, &[(7, 90), (7, 20), (7, 20), (7, 90)]);
        assert_eq!(found, [(7, 90, 2), (7, 20, 1), (7, 90, 1)]);
    }

    #[test]
    fn a_run_has_a_bound_in_segments_and_in_bytes() {
        assert_eq!(runs(2, &[(7, 90); 5]), [(7, 90, 2), (7, 90, 2), (7, 90, 1)]);
        assert_eq!(runs(1, &[(7, 90); 2]), [(7, 90, 1), (7, 90, 1)]);
        let large = runs(64, &[(7, 1_400); 60]);
        assert!(large.iter().all(|(_, size, count)| size * count <= MAX_RUN_BYTES));
    }
}
