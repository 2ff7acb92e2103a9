//! What leaves together: runs of datagrams of one size to one destination, many runs in one system
//! call. Datagrams of one peer lie next to each other, as they are written receiver by receiver.

use super::batch::{self, Run};
use mio::net::UdpSocket;
use sfu::{Departure, Egress};
use std::collections::HashSet;
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
        self.find_runs(departures);
        let outcome = batch::send(socket, &self.runs, egress.all());
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

    fn find_runs(&mut self, departures: &[Departure]) {
        self.runs.clear();
        let mut rest = departures;
        while let Some(first) = rest.first() {
            let (own, others) = rest.split_at(self.run_len(rest));
            rest = others;
            let from = Some(first.from.ip()).filter(|ip| self.own.contains(ip));
            let to = self.reachable(first.to);
            let end = own.last().unwrap_or(first).place().end;
            let place = first.place().start..end;
            self.runs.push(Run { to, from, size: first.len(), place });
        }
    }

    /// How many of the first datagrams can leave as one: the same way, of one size, but for a
    /// shorter last one.
    fn run_len(&self, departures: &[Departure]) -> usize {
        let Some((first, others)) = departures.split_first() else { return 0 };
        let (mut count, mut bytes, mut end) = (1, first.len(), first.place().end);
        for next in others {
            bytes += next.len();
            let same_way = next.to == first.to && next.from == first.from;
            let fits = count < self.segments && bytes <= MAX_RUN_BYTES;
            let behind = next.place().start == end;
            if !same_way || !behind || !fits || next.len() > first.len() {
                break;
            }
            count += 1;
            end = next.place().end;
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
            egress.push(address(1), address(*port), &vec![0; *len]);
        }
        let mut sender = Sender::new(address(1), segments);
        sender.find_runs(egress.departures());
        sender.runs.iter().map(|run| (run.to.port(), run.size, run.count())).collect()
    }

    #[test]
    fn what_goes_one_way_leaves_together() {
        let found = runs(64, &[(7, 90), (7, 90), (7, 20), (8, 90), (8, 90)]);
        assert_eq!(found, [(7, 90, 3), (8, 90, 2)]);
    }

    #[test]
    fn what_lies_apart_leaves_apart_and_in_order() {
        let found = runs(64, &[(7, 90), (8, 90), (7, 90)]);
        assert_eq!(found, [(7, 90, 1), (8, 90, 1), (7, 90, 1)]);
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
