//! Two sockets on one port: the kernel puts what is in no hurry, receivers' transport feedback and sound that nobody is to
//! hear, into the second, so that it does not wake the thread.
#![allow(
    unsafe_code,
    reason = "the UDP edge: nothing safe attaches a program to sockets that share a port"
)]

use mio::net::UdpSocket;
use std::io;
use std::mem::size_of;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::ptr;

/// The first two bytes of transport feedback that comes alone, as browsers send it (RFC 3550 §6.4,
/// draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1): version 2, message type 15, padded or not; and the packet type.
const FEEDBACK: [u32; 2] = [0x8f, 205];
const PADDED: u32 = 0x20;

/// The version of RTP in the first byte, and where its SSRC is (RFC 3550 §5.1).
const VERSION: [u32; 2] = [0xc0, 0x80];
const SSRC_AT: u32 = 8;

/// Binds both. Only the first is there where the system cannot tell them apart.
///
/// # Errors
/// When the port is in use, also by such a pair.
pub(super) fn bind(address: SocketAddr) -> io::Result<(UdpSocket, Option<UdpSocket>)> {
    let first = UdpSocket::bind(address)?; // without sharing, so that a port in use is an error
    let second = share(&first).inspect_err(|error| {
        tracing::warn!(%error, "one socket for media and feedback: the server wakes more often");
    });
    Ok((first, second.ok()))
}

fn share(first: &UdpSocket) -> io::Result<UdpSocket> {
    let address = first.local_addr()?;
    let domain = socket2::Domain::for_address(address);
    let second = socket2::Socket::new(domain, socket2::Type::DGRAM.nonblocking(), None)?;
    if address.is_ipv6() {
        let only = socket2::SockRef::from(first).only_v6()?;
        second.set_only_v6(only)?;
    }
    socket2::SockRef::from(first).set_reuse_port(true)?;
    second.set_reuse_port(true)?;
    second.bind(&address.into())?;
    sort(first, &[])?;
    Ok(UdpSocket::from_std(second.into()))
}

/// Attaches the program that tells by a datagram's first bytes which socket of the group, in order of binding, is to
/// have it (socket(7), `SO_ATTACH_REUSEPORT_CBPF`): the second for transport feedback, and for RTP of these streams.
pub(super) fn sort(first: &UdpSocket, ssrcs: &[u32]) -> io::Result<()> {
    let mut program = program(ssrcs);
    let program = libc::sock_fprog { len: program.len() as _, filter: program.as_mut_ptr() };
    // SAFETY: the option reads a `sock_fprog` of this size, and through it the program, which lives as long; the kernel
    // checks the program and copies it. The padding between the two fields, which is not initialised, it ignores.
    let result = unsafe {
        libc::setsockopt(
            first.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_REUSEPORT_CBPF,
            ptr::from_ref(&program).cast(),
            size_of::<libc::sock_fprog>() as _,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn program(ssrcs: &[u32]) -> Vec<libc::sock_filter> {
    const BYTE: u32 = libc::BPF_LD | libc::BPF_B | libc::BPF_ABS;
    const WORD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    const AND: u32 = libc::BPF_ALU | libc::BPF_AND | libc::BPF_K;
    const EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    const TAKES: u32 = libc::BPF_RET | libc::BPF_K;
    let [head, kind] = FEEDBACK;
    let [version, is_two] = VERSION;
    let mut program = vec![
        step(BYTE, 0, 0, 0),
        step(AND, !PADDED & 0xff, 0, 0),
        step(EQUAL, head, 0, 3),
        step(BYTE, 1, 0, 0),
        step(EQUAL, kind, 0, 1),
        step(TAKES, 1, 0, 0),
        step(BYTE, 0, 0, 0),
        step(AND, version, 0, 0),
        step(EQUAL, is_two, 1, 0),
        step(TAKES, 0, 0, 0),
        // A datagram without so many bytes goes into the first: the program ends here with 0.
        step(WORD, SSRC_AT, 0, 0),
    ];
    for ssrc in ssrcs {
        program.extend([step(EQUAL, *ssrc, 0, 1), step(TAKES, 1, 0, 0)]);
    }
    program.push(step(TAKES, 0, 0, 0));
    program
}

/// One instruction; `yes` and `no` say how many a comparison skips.
fn step(code: u32, k: u32, yes: u8, no: u8) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt: yes, jf: no, k }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// What the socket holds after a moment.
    fn read(socket: &UdpSocket) -> Vec<Vec<u8>> {
        std::thread::sleep(Duration::from_millis(20));
        let mut buffer = [0; 64];
        std::iter::from_fn(|| {
            let (len, _) = socket.recv_from(&mut buffer).ok()?;
            Some(buffer[..len].to_vec())
        })
        .collect()
    }

    #[test]
    fn feedback_alone_comes_to_the_second_socket() {
        for (address, local) in
            [("0.0.0.0:0", "127.0.0.1"), ("[::]:0", "127.0.0.1"), ("[::]:0", "::1")]
        {
            let Ok((first, second)) = bind(address.parse().unwrap()) else {
                assert!(address.starts_with('['), "only IPv6 may be missing");
                continue;
            };
            let second = second.expect("this kernel sorts");
            let from = std::net::UdpSocket::bind((local, 0)).unwrap();
            let to = (local, first.local_addr().unwrap().port());
            let feedback: [&[u8]; 2] = [&[0x8f, 205, 0, 3, 9], &[0xaf, 205]];
            let (nack, picture_loss, sender_report) = ([0x81, 205], [0x81, 206], [0x8f, 200]);
            let (sound, check) = ([0x80, 111], [0, 1]);
            let others: [&[u8]; 7] =
                [&nack, &picture_loss, &sender_report, &sound, &check, &[0x8f], &[]];
            for datagram in feedback.iter().chain(&others) {
                from.send_to(datagram, to).unwrap();
            }
            assert_eq!(read(&second), feedback);
            assert_eq!(read(&first), others);
        }
    }

    #[test]
    fn streams_that_may_wait_come_to_the_second_socket_until_they_may_not() {
        let (first, second) = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let second = second.expect("this kernel sorts");
        let from = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let rtp = |ssrc: u32| [&[0x90, 0xef, 1, 2, 0, 0, 0, 0][..], &ssrc.to_be_bytes()].concat();
        let mut padded = rtp(7);
        padded[0] |= 0x20;
        let mut check = rtp(7);
        check[0] = 0;
        let most: Vec<u32> = (7..7 + sfu::MOST_UNHEARD as u32).collect();
        let last = most[most.len() - 1];
        for ssrcs in [&[9, 7][..], &most, &[]] {
            sort(&first, ssrcs).unwrap();
            let all = [
                rtp(7),
                rtp(9),
                padded.clone(),
                rtp(last),
                rtp(1 << 31),
                check.clone(),
                vec![0x90; 11],
            ];
            for datagram in &all {
                from.send_to(datagram, first.local_addr().unwrap()).unwrap();
            }
            let waits = |datagram: &Vec<u8>| {
                let ssrc = datagram.get(8..12).map(|b| u32::from_be_bytes(b.try_into().unwrap()));
                datagram[0] != 0 && ssrc.is_some_and(|ssrc| ssrcs.contains(&ssrc))
            };
            let (late, soon): (Vec<_>, Vec<_>) = all.into_iter().partition(waits);
            assert_eq!(read(&second), late);
            assert_eq!(read(&first), soon);
        }
    }

    #[test]
    fn a_port_of_such_a_pair_is_in_use_for_the_next() {
        let (first, second) = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        assert!(second.is_some());
        let error = bind(first.local_addr().unwrap()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
