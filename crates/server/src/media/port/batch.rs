//! Many datagrams in one `sendmmsg(2)`, each run cut up by the kernel (`UDP_SEGMENT`, udp(7)).
#![allow(unsafe_code, reason = "the UDP edge: nothing safe gives each message its segment size")]

use mio::net::UdpSocket;
use std::io;
use std::mem::{MaybeUninit, size_of, zeroed};
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::ptr::{self, addr_of_mut};

/// Runs in one system call. More gain nothing; each takes 250 bytes of stack.
pub(super) const MOST_RUNS: usize = 64;

/// Room for a segment size and a source address, each in a control message of its own.
const CONTROL: usize = 80;

/// Datagrams that leave as one, for one destination, and lie one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub to: SocketAddr,
    /// Source address; the system's choice without.
    pub from: Option<IpAddr>,
    /// Of each datagram but perhaps the last; at least 1.
    pub size: usize,
    /// Where they lie; at least one byte.
    pub place: Range<usize>,
}

impl Run {
    /// How many datagrams it has.
    pub fn count(&self) -> usize {
        self.place.len().div_ceil(self.size)
    }
}

/// What became of the runs, in datagrams.
#[derive(Default)]
pub(super) struct Outcome {
    pub sent: u64,
    pub unsent: u64,
    /// The device cuts up no runs.
    pub no_segments: bool,
}

#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; CONTROL]);

#[derive(Clone, Copy)]
union Name {
    v4: libc::sockaddr_in,
    v6: libc::sockaddr_in6,
}

/// Sends these runs of what lies in `bytes`. What the socket does not take is dropped.
pub(super) fn send(socket: &UdpSocket, runs: &[Run], bytes: &[u8]) -> Outcome {
    let mut outcome = Outcome::default();
    for runs in runs.chunks(MOST_RUNS) {
        send_chunk(socket, runs, bytes, &mut outcome);
    }
    outcome
}

fn send_chunk(socket: &UdpSocket, runs: &[Run], bytes: &[u8], outcome: &mut Outcome) {
    let mut names = [const { MaybeUninit::<Name>::uninit() }; MOST_RUNS];
    let mut controls = [const { MaybeUninit::<Control>::uninit() }; MOST_RUNS];
    let mut parts = [const { MaybeUninit::<libc::iovec>::uninit() }; MOST_RUNS];
    let mut messages = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; MOST_RUNS];
    for (index, run) in runs.iter().enumerate() {
        let own = bytes.get(run.place.clone()).unwrap_or_default();
        // SAFETY: all-zero bytes are a valid `msghdr`: null pointers and zero lengths.
        let mut header: libc::msghdr = unsafe { zeroed() };
        let (name, name_len) = name_of(run.to);
        header.msg_name = ptr::from_mut(names[index].write(name)).cast();
        header.msg_namelen = name_len;
        // Sending only reads through it. One part for the whole run: each more is looked up and checked by the kernel.
        let part = libc::iovec { iov_base: own.as_ptr().cast_mut().cast(), iov_len: own.len() };
        header.msg_iov = parts[index].write(part);
        header.msg_iovlen = 1;
        let control = controls[index].write(Control([0; CONTROL]));
        header.msg_controllen = write_control(&mut header, control, run) as _;
        messages[index].write(libc::mmsghdr { msg_hdr: header, msg_len: 0 });
    }
    let mut first = 0;
    while first < runs.len() {
        let left = &mut messages[first..runs.len()];
        let (head, count) = (left.as_mut_ptr().cast(), left.len());
        // SAFETY: the messages of all runs are initialised above; the names, control buffers and
        // parts they point to live until this function returns, as do the bytes.
        let taken = unsafe { libc::sendmmsg(socket.as_raw_fd(), head, count as _, 0) };
        let error = io::Error::last_os_error();
        let taken = usize::try_from(taken).unwrap_or(0);
        outcome.sent += datagrams(&runs[first..first + taken]);
        first += taken;
        if taken > 0 || error.kind() == io::ErrorKind::Interrupted {
            continue;
        }
        if error.kind() == io::ErrorKind::WouldBlock {
            outcome.unsent += datagrams(&runs[first..]);
            return;
        }
        let run = &runs[first];
        match run.count() {
            1 => outcome.unsent += 1,
            _ => send_singly(socket, run, bytes, &error, outcome),
        }
        first += 1;
    }
}

/// Sends the datagrams of a run that was refused, as it is when they are too large for the path
/// (`EINVAL`, that path's concern alone) or when the device cuts up none (`EIO`).
fn send_singly(
    socket: &UdpSocket,
    run: &Run,
    bytes: &[u8],
    error: &io::Error,
    outcome: &mut Outcome,
) {
    outcome.no_segments |= error.raw_os_error() == Some(libc::EIO);
    for start in run.place.clone().step_by(run.size) {
        let place = start..run.place.end.min(start + run.size);
        let single = Run { size: place.len(), place, ..*run };
        send_chunk(socket, &[single], bytes, outcome);
    }
}

fn datagrams(runs: &[Run]) -> u64 {
    runs.iter().map(|run| run.count() as u64).sum()
}

fn name_of(address: SocketAddr) -> (Name, libc::socklen_t) {
    match address {
        SocketAddr::V4(to) => {
            // SAFETY: all-zero bytes are a valid `sockaddr_in`.
            let mut v4: libc::sockaddr_in = unsafe { zeroed() };
            v4.sin_family = libc::AF_INET as _;
            v4.sin_port = to.port().to_be();
            v4.sin_addr = in_addr(*to.ip());
            (Name { v4 }, size_of::<libc::sockaddr_in>() as _)
        }
        SocketAddr::V6(to) => {
            // SAFETY: all-zero bytes are a valid `sockaddr_in6`.
            let mut v6: libc::sockaddr_in6 = unsafe { zeroed() };
            v6.sin6_family = libc::AF_INET6 as _;
            v6.sin6_port = to.port().to_be();
            v6.sin6_addr.s6_addr = to.ip().octets();
            v6.sin6_scope_id = to.scope_id();
            (Name { v6 }, size_of::<libc::sockaddr_in6>() as _)
        }
    }
}

fn in_addr(ip: std::net::Ipv4Addr) -> libc::in_addr {
    libc::in_addr { s_addr: u32::from_ne_bytes(ip.octets()) }
}

/// Puts segment size and source address into the control buffer. Returns the bytes used.
fn write_control(header: &mut libc::msghdr, control: &mut Control, run: &Run) -> usize {
    header.msg_control = control.0.as_mut_ptr().cast();
    header.msg_controllen = CONTROL as _;
    let mut used = 0;
    if run.count() > 1 {
        let size = run.size as u16;
        used += push(header, used, libc::SOL_UDP, libc::UDP_SEGMENT, size);
    }
    match run.from {
        Some(IpAddr::V4(ip)) => {
            let info = libc::in_pktinfo {
                ipi_ifindex: 0,
                ipi_spec_dst: in_addr(ip),
                ipi_addr: in_addr(std::net::Ipv4Addr::UNSPECIFIED),
            };
            used += push(header, used, libc::IPPROTO_IP, libc::IP_PKTINFO, info);
        }
        Some(IpAddr::V6(ip)) => {
            let address = libc::in6_addr { s6_addr: ip.octets() };
            let info = libc::in6_pktinfo { ipi6_addr: address, ipi6_ifindex: 0 };
            used += push(header, used, libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info);
        }
        None => {}
    }
    if used == 0 {
        header.msg_control = ptr::null_mut();
    }
    used
}

/// Appends one control message behind the `used` bytes. Returns its length with padding.
fn push<T: Copy>(
    header: &mut libc::msghdr,
    used: usize,
    level: libc::c_int,
    kind: libc::c_int,
    value: T,
) -> usize {
    let len = size_of::<T>() as u32;
    // SAFETY: CMSG_SPACE and CMSG_LEN only calculate.
    let (space, full) = unsafe { (libc::CMSG_SPACE(len) as usize, libc::CMSG_LEN(len)) };
    assert!(used + space <= CONTROL, "the control buffer holds both messages");
    // SAFETY: `msg_control` points to an 8-byte aligned buffer of CONTROL bytes, `used` is a sum of
    // CMSG_SPACEs and so keeps the alignment, and the assertion keeps the message inside.
    unsafe {
        let message = header.msg_control.cast::<u8>().add(used).cast::<libc::cmsghdr>();
        addr_of_mut!((*message).cmsg_len).write(full as _);
        addr_of_mut!((*message).cmsg_level).write(level);
        addr_of_mut!((*message).cmsg_type).write(kind);
        libc::CMSG_DATA(message).cast::<T>().write_unaligned(value);
    }
    space
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    /// A run of what lies there, from the system's choice of address.
    fn run(to: SocketAddr, size: usize, place: Range<usize>) -> Run {
        Run { to, from: None, size, place }
    }

    fn bind(address: &str) -> (UdpSocket, std::net::UdpSocket, SocketAddr) {
        let receiver = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        receiver.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
        let to = receiver.local_addr().unwrap();
        (UdpSocket::bind(address.parse().unwrap()).unwrap(), receiver, to)
    }

    fn receive(receiver: &std::net::UdpSocket) -> (Vec<u8>, SocketAddr) {
        let mut buffer = [0; 2_048];
        let (len, from) = receiver.recv_from(&mut buffer).unwrap();
        (buffer[..len].to_vec(), from)
    }

    #[test]
    fn runs_are_cut_into_their_datagrams_also_beyond_one_system_call() {
        let (socket, receiver, to) = bind("0.0.0.0:0");
        let datagrams: Vec<Vec<u8>> = (0..3 * (MOST_RUNS + 1))
            .map(|n| vec![n as u8; if n % 3 == 2 { 7 } else { 90 }])
            .collect();
        let runs: Vec<Run> = (0..=MOST_RUNS).map(|n| run(to, 90, n * 187..(n + 1) * 187)).collect();
        let outcome = send(&socket, &runs, &datagrams.concat());
        assert_eq!((outcome.sent, outcome.unsent), (datagrams.len() as u64, 0));
        for datagram in &datagrams {
            assert_eq!(&receive(&receiver).0, datagram);
        }
    }

    #[test]
    fn a_datagram_leaves_from_the_address_asked_for() {
        let (socket, receiver, to) = bind("0.0.0.0:0");
        let from = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
        let runs = [Run { from: Some(from), ..run(to, 2, 0..3) }, run(to, 2, 3..5)];
        let outcome = send(&socket, &runs, b"abcde");
        assert_eq!((outcome.sent, outcome.unsent), (3, 0));
        let senders: Vec<IpAddr> = (0..3).map(|_| receive(&receiver).1.ip()).collect();
        assert_eq!(senders, [from, from, IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    }

    #[test]
    fn what_is_refused_takes_nothing_else_with_it() {
        let (socket, receiver, to) = bind("0.0.0.0:0");
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let runs = [run(to, 1, 0..1), run(nowhere, 1, 1..3), run(to, 1, 3..4)];
        let outcome = send(&socket, &runs, b"abcd");
        assert_eq!((outcome.sent, outcome.unsent, outcome.no_segments), (2, 2, false));
        assert_eq!([receive(&receiver).0, receive(&receiver).0], [b"a", b"d"]);
    }

    #[test]
    fn a_socket_for_both_families_reaches_both() {
        let Ok(six) = std::net::UdpSocket::bind("[::1]:0") else { return };
        six.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
        let (socket, four, to) = bind("[::]:0");
        let mapped = SocketAddr::from((Ipv4Addr::LOCALHOST.to_ipv6_mapped(), to.port()));
        let local = IpAddr::from(std::net::Ipv6Addr::LOCALHOST);
        let runs = [
            Run { from: Some(Ipv4Addr::LOCALHOST.into()), ..run(mapped, 1, 0..2) },
            Run { from: Some(local), ..run(six.local_addr().unwrap(), 1, 2..4) },
        ];
        assert_eq!(send(&socket, &runs, b"abcd").sent, 4);
        assert_eq!([receive(&four).0, receive(&four).0], [b"a", b"b"]);
        assert_eq!([receive(&six).0, receive(&six).0], [b"c", b"d"]);
    }
}
