//! One UDP port: received in batches with GRO, sent in batches, with GSO where one destination
//! gets several packets of a size.

mod batch;
mod pair;
mod sender;

use mio::net::UdpSocket;
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use sender::Sender;
use sfu::Egress;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

/// Kernel buffers asked for; smaller ones lose packets when a shard is busy for some milliseconds.
const SOCKET_BUFFER: usize = 4 << 20;

/// Datagrams asked for while few come; making room for each takes time.
const FEW: usize = 8;
const _: () = assert!(FEW <= BATCH_SIZE, "a batch never needs more room than there is");

/// Largest datagram, or run of datagrams joined by GRO.
const RECEIVE_SIZE: usize = 65_535;

pub(super) struct Port {
    inlet: Inlet,
    unhurried: Option<Inlet>,
    address: SocketAddr,
    space: Space,
    pub sender: Sender,
}

/// Where a batch of datagrams is put.
struct Space {
    bytes: Vec<u8>,
    meta: [RecvMeta; BATCH_SIZE],
}

struct Inlet {
    socket: UdpSocket,
    state: UdpSocketState,
    /// Datagrams asked for at once.
    batch: usize,
}

/// A datagram as it came.
pub(super) struct Datagram<'a> {
    pub from: SocketAddr,
    pub to: Option<IpAddr>,
    pub bytes: &'a [u8],
}

impl Port {
    pub fn bind(address: SocketAddr) -> io::Result<Port> {
        let (socket, unhurried) = pair::bind(address)?;
        let inlet = Inlet::new(socket)?;
        let _ = inlet.state.set_send_buffer_size((&inlet.socket).into(), SOCKET_BUFFER);
        let address = inlet.socket.local_addr()?;
        Ok(Port {
            address,
            sender: Sender::new(address, inlet.state.max_gso_segments()),
            inlet,
            unhurried: unhurried.map(Inlet::new).transpose()?,
            space: Space {
                bytes: vec![0; RECEIVE_SIZE * BATCH_SIZE],
                meta: [RecvMeta::default(); BATCH_SIZE],
            },
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What tells that something waits in [`Self::receive`].
    pub fn readiness(&mut self) -> &mut UdpSocket {
        &mut self.inlet.socket
    }

    /// Reads one batch. False when nothing is left.
    pub fn receive(&mut self, each: &mut dyn FnMut(Datagram<'_>)) -> bool {
        self.inlet.receive(&mut self.space, each)
    }

    /// Reads one batch of what is in no hurry: receivers' transport feedback, and the streams of [`Self::let_wait`]. Nothing
    /// tells that it is there. False when nothing is left.
    pub fn receive_unhurried(&mut self, each: &mut dyn FnMut(Datagram<'_>)) -> bool {
        self.unhurried.as_mut().is_some_and(|inlet| inlet.receive(&mut self.space, each))
    }

    /// From now on the packets of these streams, and of no others, are in no hurry.
    pub fn let_wait(&mut self, ssrcs: &[u32]) {
        if self.unhurried.is_some()
            && let Err(error) = pair::sort(&self.inlet.socket, ssrcs)
        {
            tracing::debug!(%error, "sound goes on coming as it did");
        }
    }

    /// Sends and clears what is gathered. What the socket does not take is dropped, as a full
    /// network would.
    pub fn send(&mut self, egress: &mut Egress) {
        self.sender.send(&self.inlet.socket, egress);
    }
}

impl Inlet {
    fn new(socket: UdpSocket) -> io::Result<Inlet> {
        let state = UdpSocketState::new((&socket).into())?;
        let _ = state.set_recv_buffer_size((&socket).into(), SOCKET_BUFFER);
        Ok(Inlet { socket, state, batch: FEW })
    }

    fn receive(&mut self, space: &mut Space, each: &mut dyn FnMut(Datagram<'_>)) -> bool {
        let mut chunks = space.bytes.chunks_mut(RECEIVE_SIZE);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
        let slices = &mut slices[..self.batch];
        let Ok(count) = self.state.recv((&self.socket).into(), slices, &mut space.meta) else {
            return false;
        };
        for (meta, slice) in space.meta.iter().zip(slices).take(count) {
            let from = SocketAddr::new(meta.addr.ip().to_canonical(), meta.addr.port());
            let to = meta.dst_ip.map(|ip| ip.to_canonical());
            let bytes = slice.get(..meta.len).unwrap_or_default();
            for bytes in bytes.chunks(meta.stride.max(1)) {
                each(Datagram { from, to, bytes });
            }
        }
        // Fewer than were asked for: nothing is left.
        let more = count == self.batch;
        self.batch = if more { BATCH_SIZE } else { FEW };
        more
    }
}
