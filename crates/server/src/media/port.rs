//! One UDP socket: received in batches with GRO, sent in batches, with GSO where one destination
//! gets several packets of a size.

mod batch;
mod sender;

use mio::net::UdpSocket;
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use sender::Sender;
use sfu::Egress;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

/// Kernel buffers asked for; smaller ones lose packets when a shard is busy for some milliseconds.
const SOCKET_BUFFER: usize = 4 << 20;

/// Largest datagram, or run of datagrams joined by GRO.
const RECEIVE_SIZE: usize = 65_535;

pub(super) struct Port {
    pub socket: UdpSocket,
    state: UdpSocketState,
    address: SocketAddr,
    buffer: Vec<u8>,
    pub sender: Sender,
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
        let address = socket.local_addr()?;
        Ok(Port {
            address,
            sender: Sender::new(address, state.max_gso_segments()),
            socket,
            state,
            buffer: vec![0; RECEIVE_SIZE * BATCH_SIZE],
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
        let Ok(count) = self.state.recv((&self.socket).into(), &mut slices, &mut meta) else {
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
        // Fewer than were asked for: nothing is left.
        count == BATCH_SIZE
    }

    /// Sends and clears what is gathered. What the socket does not take is dropped, as a full
    /// network would.
    pub fn send(&mut self, egress: &mut Egress) {
        self.sender.send(&self.socket, egress);
    }
}
