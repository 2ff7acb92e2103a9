//! The floor: what forwarding costs when nothing is done but receiving, sealing once for each
//! receiver and sending with GSO. No connections, no repair, no estimation, no rules.

use crate::keys::{Sealer, TAG};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use std::io::{BufRead, IoSliceMut};
use std::net::SocketAddr;
use std::time::Duration;

/// RTP header with the extensions a forwarded packet has.
const HEAD: usize = 28;

struct Run {
    to: SocketAddr,
    bytes: Vec<u8>,
    size: usize,
    count: usize,
    complete: bool,
}

/// Prints its address, reads the receivers' from stdin (one line), then forwards until killed.
#[expect(clippy::print_stdout)] // how the parent hears of it
pub fn run() {
    let mut socket = UdpSocket::bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    println!("{}", socket.local_addr().expect("bound"));
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).expect("receivers");
    let mut runs: Vec<Run> =
        line.split_whitespace().map(|to| Run::to(to.parse().expect("an address"))).collect();
    let state = UdpSocketState::new((&socket).into()).expect("socket options");
    let _ = state.set_send_buffer_size((&socket).into(), 4 << 20);
    let _ = state.set_recv_buffer_size((&socket).into(), 4 << 20);
    let mut poll = Poll::new().expect("epoll");
    poll.registry().register(&mut socket, Token(0), Interest::READABLE).expect("epoll");
    let mut buffer = vec![0; 65_535 * BATCH_SIZE];
    let mut sealer = Sealer::fixed();
    let mut seq = 0;
    let mut events = Events::with_capacity(8);
    loop {
        let _ = poll.poll(&mut events, Some(Duration::from_millis(100)));
        loop {
            let mut meta = [RecvMeta::default(); BATCH_SIZE];
            let mut slices: Vec<IoSliceMut<'_>> =
                buffer.chunks_mut(65_535).map(IoSliceMut::new).collect();
            let Ok(count) = state.recv((&socket).into(), &mut slices, &mut meta) else { break };
            for (meta, slice) in meta.iter().zip(&slices).take(count) {
                for datagram in slice[..meta.len].chunks(meta.stride.max(1)) {
                    seq += 1;
                    for run in runs.iter_mut().filter(|run| run.to != meta.addr) {
                        run.add(datagram, seq, &mut sealer, &state, &socket);
                    }
                }
            }
            runs.iter_mut().for_each(|run| run.send(&state, &socket));
        }
    }
}

impl Run {
    fn to(to: SocketAddr) -> Run {
        Run { to, bytes: Vec::with_capacity(65_536), size: 0, count: 0, complete: false }
    }

    fn add(
        &mut self,
        payload: &[u8],
        seq: u64,
        sealer: &mut Sealer,
        state: &UdpSocketState,
        socket: &UdpSocket,
    ) {
        let len = HEAD + payload.len() + TAG;
        let fits = self.count < state.max_gso_segments() && self.bytes.len() + len < 60_000;
        if self.count > 0 && (self.complete || len > self.size || !fits) {
            self.send(state, socket);
        }
        if self.count == 0 {
            self.size = len;
        }
        self.complete = len < self.size;
        self.count += 1;
        sealer.seal_rtp(1, seq, &[0x5a; HEAD], payload, &mut self.bytes);
    }

    fn send(&mut self, state: &UdpSocketState, socket: &UdpSocket) {
        if self.count == 0 {
            return;
        }
        let transmit = Transmit {
            destination: self.to,
            ecn: None,
            contents: &self.bytes,
            segment_size: (self.count > 1).then_some(self.size),
            src_ip: None,
        };
        let _ = state.try_send(socket.into(), &transmit);
        self.bytes.clear();
        (self.count, self.complete) = (0, false);
    }
}
