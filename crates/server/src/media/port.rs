//! One UDP socket: received in batches with GRO, sent with GSO where one destination gets several
//! packets of a size.

use mio::net::UdpSocket;
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use std::collections::HashSet;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

/// Kernel buffers asked for; smaller ones lose packets when a shard is busy for some milliseconds.
const SOCKET_BUFFER: usize = 4 << 20;

/// Largest datagram, or run of datagrams joined by GRO.
const RECEIVE_SIZE: usize = 65_535;

/// Bytes joined for one GSO send; the kernel takes at most 64 kB.
const MAX_RUN_BYTES: usize = 60_000;

pub(super) struct Port {
    pub socket: UdpSocket,
    state: UdpSocketState,
    address: SocketAddr,
    buffer: Vec<u8>,
    /// Addresses this machine sends from; others (a NAT's outside) cannot be set as source.
    own: HashSet<IpAddr>,
    run: Run,
    pub sent: u64,
    pub unsent: u64,
}

/// Datagrams gathered for one destination.
#[derive(Default)]
struct Run {
    from: Option<IpAddr>,
    to: Option<SocketAddr>,
    bytes: Vec<u8>,
    size: usize,
    count: usize,
    /// A shorter datagram ends a run.
    complete: bool,
}

/// A datagram as it came.
pub(super) struct Datagram<'a> {
    pub from: SocketAddr,
    pub to: Option<IpAddr>,
    pub bytes: &'a [u8],
}

impl Port {
    pub fn bind(address: SocketAddr) -> io::Result<Port> {
        let socket = UdpSocket::bind(address)?;
        let state = UdpSocketState::new((&socket).into())?;
        let _ = state.set_send_buffer_size((&socket).into(), SOCKET_BUFFER);
        let _ = state.set_recv_buffer_size((&socket).into(), SOCKET_BUFFER);
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        Ok(Port {
            address: socket.local_addr()?,
            socket,
            state,
            buffer: vec![0; RECEIVE_SIZE * BATCH_SIZE],
            own: interfaces.iter().map(|interface| interface.ip()).collect(),
            run: Run::default(),
            sent: 0,
            unsent: 0,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Reads one batch. False when nothing is left.
    pub fn receive(&mut self, mut each: impl FnMut(Datagram<'_>)) -> bool {
        let mut meta = [RecvMeta::default(); BATCH_SIZE];
        let mut slices: Vec<IoSliceMut<'_>> =
            self.buffer.chunks_mut(RECEIVE_SIZE).map(IoSliceMut::new).collect();
        let socket = (&self.socket).into();
        let Ok(count) = self.state.recv(socket, &mut slices, &mut meta) else {
            return false;
        };
        for (meta, slice) in meta.iter().zip(&slices).take(count) {
            let from = SocketAddr::new(meta.addr.ip().to_canonical(), meta.addr.port());
            let to = meta.dst_ip.map(|ip| ip.to_canonical());
            let bytes = slice.get(..meta.len).unwrap_or_default();
            for bytes in bytes.chunks(meta.stride.max(1)) {
                each(Datagram { from, to, bytes });
            }
        }
        count > 0
    }

    /// Queues a datagram; [`Self::flush`] sends what is gathered.
    pub fn send(&mut self, from: SocketAddr, to: SocketAddr, datagram: &[u8]) {
        let from = Some(from.ip()).filter(|ip| self.own.contains(ip));
        if !self.run.takes(from, to, datagram.len(), self.state.max_gso_segments()) {
            self.flush();
        }
        self.run.push(from, to, datagram);
    }

    /// Sends what is gathered. What the socket does not take is dropped, as a full network would.
    pub fn flush(&mut self) {
        let run = std::mem::take(&mut self.run);
        let Some(to) = run.to else { return };
        let transmit = Transmit {
            destination: self.reachable(to),
            ecn: None,
            contents: &run.bytes,
            segment_size: (run.count > 1).then_some(run.size),
            src_ip: run.from,
        };
        match self.state.try_send((&self.socket).into(), &transmit) {
            Ok(()) => self.sent += run.count as u64,
            Err(_) => self.unsent += run.count as u64,
        }
        self.run = run.emptied();
    }

    fn reachable(&self, to: SocketAddr) -> SocketAddr {
        match (self.address.ip(), to.ip()) {
            (IpAddr::V6(_), IpAddr::V4(ip)) => {
                SocketAddr::new(ip.to_ipv6_mapped().into(), to.port())
            }
            _ => to,
        }
    }
}

impl Run {
    fn takes(&self, from: Option<IpAddr>, to: SocketAddr, len: usize, most: usize) -> bool {
        self.to.is_none()
            || (self.to == Some(to)
                && self.from == from
                && !self.complete
                && len <= self.size
                && self.count < most
                && self.bytes.len() + len <= MAX_RUN_BYTES)
    }

    fn push(&mut self, from: Option<IpAddr>, to: SocketAddr, datagram: &[u8]) {
        if self.count == 0 {
            (self.from, self.to, self.size) = (from, Some(to), datagram.len());
        }
        self.complete = datagram.len() < self.size;
        self.count += 1;
        self.bytes.extend_from_slice(datagram);
    }

    fn emptied(mut self) -> Run {
        self.bytes.clear();
        Run { bytes: self.bytes, ..Run::default() }
    }
}
