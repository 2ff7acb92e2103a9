//! Waits for something whole to be said before anything is set up for a connection. Until then it
//! costs a socket; what it says lies in the kernel's buffer.

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::time::{Duration, Instant};

/// Of a head that is longer, so much is waited for; more of it would make each look cost more.
const ENOUGH: usize = 2_048;

/// A TLS handshake record's type, and the bytes before its contents (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;
const RECORD_HEAD: usize = 5;

/// What a connection begins with.
#[derive(Clone, Copy)]
pub(super) enum Opening {
    /// The head of an HTTP request.
    Head,
    /// A TLS handshake record, the ClientHello.
    Hello,
}

/// How the wait of a connection ended. It is closed with this.
#[derive(Debug)]
pub(super) enum Waited<G> {
    Ready(TcpStream, G),
    /// The peer has closed, or its connection broke.
    Gone(G),
    TooLong(TcpStream, G),
}

/// Connections that have not said the whole of their opening, or [`ENOUGH`] of it; none of it is read. A task and a timer for
/// each would cost a kilobyte; thousands may wait here at somebody's will.
pub(super) struct Doorstep<G> {
    registry: Registry,
    opening: Opening,
    limit: Duration,
    /// By number, and so in the order in which they came and their time ends.
    waiting: BTreeMap<usize, Waiting<G>>,
    next: usize,
}

struct Waiting<G> {
    stream: TcpStream,
    until: Instant,
    guest: G,
}

impl<G> Doorstep<G> {
    /// Connections are registered there, with tokens from `first` on.
    pub fn new(registry: Registry, first: usize, opening: Opening, limit: Duration) -> Self {
        Doorstep { registry, opening, limit, waiting: BTreeMap::new(), next: first }
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Lets a connection wait, with whatever is to come back with it.
    ///
    /// # Errors
    /// When the system cannot watch it.
    pub fn admit(&mut self, now: Instant, mut stream: TcpStream, guest: G) -> io::Result<()> {
        self.registry.register(&mut stream, Token(self.next), Interest::READABLE)?;
        let until = now + self.limit;
        self.waiting.insert(self.next, Waiting { stream, until, guest });
        self.next += 1;
        Ok(())
    }

    /// When the first one's time is over.
    pub fn until(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|(_, oldest)| oldest.until)
    }

    /// Something has come from a connection, or it was closed. Returns it if that ends its wait.
    pub fn stirred(&mut self, event: &Event) -> Option<Waited<G>> {
        let Entry::Occupied(entry) = self.waiting.entry(event.token().0) else { return None };
        let is_whole = look(&entry.get().stream, self.opening, event.is_read_closed())?;
        let Waiting { mut stream, guest, .. } = entry.remove();
        let _ = self.registry.deregister(&mut stream);
        Some(if is_whole { Waited::Ready(stream, guest) } else { Waited::Gone(guest) })
    }

    /// Returns the first one, if its time is over.
    pub fn too_long(&mut self, now: Instant) -> Option<Waited<G>> {
        let oldest = self.waiting.first_entry().filter(|oldest| oldest.get().until <= now)?;
        let Waiting { stream, guest, .. } = oldest.remove();
        Some(Waited::TooLong(stream, guest))
    }
}

/// Whether the opening is whole; `Some(false)` when nothing more will come of it.
fn look(stream: &TcpStream, opening: Opening, closed: bool) -> Option<bool> {
    let mut bytes = [0; ENOUGH];
    match recv(stream, &mut bytes[..], RecvFlags::PEEK | RecvFlags::DONTWAIT) {
        Ok((0, _)) => Some(false),
        Ok((len, _)) if opening.is_whole(&bytes[..len]) => Some(true),
        Ok(_) | Err(Errno::AGAIN | Errno::INTR) => closed.then_some(false),
        Err(_) => Some(false),
    }
}

impl Opening {
    fn is_whole(self, bytes: &[u8]) -> bool {
        bytes.len() == ENOUGH
            || match self {
                // A bare line feed ends a line, too (RFC 9112 §2.2).
                Opening::Head => {
                    bytes.windows(3).any(|end| end == b"\n\r\n" || end.starts_with(b"\n\n"))
                        || bytes.ends_with(b"\n\n")
                }
                Opening::Hello => is_record(bytes),
            }
    }
}

/// Whether it holds a handshake record, or something that can never become one.
fn is_record(bytes: &[u8]) -> bool {
    match bytes {
        [HANDSHAKE, _, _, high, low, ..] => {
            bytes.len() >= RECORD_HEAD + usize::from(u16::from_be_bytes([*high, *low]))
        }
        [HANDSHAKE, ..] => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mio::{Events, Poll};
    use std::io::{Read, Write};
    use std::net::{Shutdown, TcpListener};

    const PATIENCE: Duration = Duration::from_secs(10);

    struct House {
        poll: Poll,
        doorstep: Doorstep<u32>,
    }

    impl House {
        fn new(limit: Duration) -> House {
            let poll = Poll::new().unwrap();
            let registry = poll.registry().try_clone().unwrap();
            House { poll, doorstep: Doorstep::new(registry, 3, Opening::Head, limit) }
        }

        /// A connection's other end; this one waits.
        fn comes(&mut self, guest: u32) -> std::net::TcpStream {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let near = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let far = listener.accept().unwrap().0;
            far.set_nonblocking(true).unwrap();
            self.doorstep.admit(Instant::now(), TcpStream::from_std(far), guest).unwrap();
            near
        }

        /// Whose wait ends within that time.
        fn ended(&mut self, time: Duration) -> Vec<Waited<u32>> {
            let mut events = Events::with_capacity(8);
            self.poll.poll(&mut events, Some(time)).unwrap();
            let mut ended: Vec<_> =
                events.iter().filter_map(|event| self.doorstep.stirred(event)).collect();
            ended.extend(std::iter::from_fn(|| self.doorstep.too_long(Instant::now())));
            ended
        }
    }

    #[test]
    fn a_head_in_pieces_is_waited_for_and_left_unread() {
        let mut house = House::new(PATIENCE);
        let mut near = house.comes(7);
        for piece in ["GET / HT", "TP/1.1\r\nhost: x\r\n", "\r"] {
            near.write_all(piece.as_bytes()).unwrap();
            assert!(house.ended(PATIENCE / 2).is_empty(), "not whole yet");
        }
        near.write_all(b"\n").unwrap();
        let ended = house.ended(PATIENCE / 2).pop();
        let Some(Waited::Ready(mut far, 7)) = ended else { panic!("{ended:?}") };
        assert_eq!(house.doorstep.len(), 0);
        let mut read = vec![0; 64];
        let len = far.read(&mut read).unwrap();
        assert_eq!(&read[..len], b"GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    }

    #[test]
    fn whoever_leaves_is_gone_though_a_head_had_begun() {
        let mut house = House::new(PATIENCE);
        for (begun, half) in [("", false), ("GET / HTTP/1.1\r\n", false), ("GET /", true)] {
            let mut near = house.comes(7);
            near.write_all(begun.as_bytes()).unwrap();
            match half {
                true => near.shutdown(Shutdown::Write).unwrap(),
                false => drop(near),
            }
            let mut ended = Vec::new();
            while ended.is_empty() && house.doorstep.len() > 0 {
                ended = house.ended(PATIENCE / 2);
            }
            assert!(matches!(ended[..], [Waited::Gone(7)]), "{begun:?}: {ended:?}");
        }
    }

    #[test]
    fn whoever_said_all_and_then_closed_its_side_is_heard() {
        let mut house = House::new(PATIENCE);
        let mut near = house.comes(7);
        near.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        near.shutdown(Shutdown::Write).unwrap();
        assert!(matches!(house.ended(PATIENCE / 2)[..], [Waited::Ready(_, 7)]));
    }

    #[test]
    fn each_has_its_own_time_whatever_it_says_meanwhile() {
        let mut house = House::new(Duration::from_millis(100));
        let mut talking = house.comes(1);
        std::thread::sleep(Duration::from_millis(60));
        let _silent = house.comes(2);
        talking.write_all(b"GET / HTTP/1.1\r\n").unwrap();
        let mut ended = Vec::new();
        while let Some(until) = house.doorstep.until() {
            let before = house.doorstep.len();
            ended.extend(house.ended(until.saturating_duration_since(Instant::now())));
            assert!(before - house.doorstep.len() < 2, "not at the same time");
        }
        assert!(matches!(ended[..], [Waited::TooLong(_, 1), Waited::TooLong(_, 2)]), "{ended:?}");
    }

    #[test]
    fn openings_are_whole_at_their_end() {
        assert!(!Opening::Head.is_whole(b"GET / HTTP/1.1\r\nhost: x\r\n"));
        assert!(Opening::Head.is_whole(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
        assert!(Opening::Head.is_whole(b"GET / HTTP/1.0\n\n"), "as typed by hand");
        assert!(Opening::Head.is_whole(&[b'a'; ENOUGH]));
        assert!(!Opening::Hello.is_whole(&[22, 3, 1, 0]));
        assert!(!Opening::Hello.is_whole(&[22, 3, 1, 0, 2, 1]));
        assert!(Opening::Hello.is_whole(&[22, 3, 1, 0, 2, 1, 0]));
        assert!(Opening::Hello.is_whole(b"GET / HTTP/1.1"), "nothing more can make it TLS");
    }
}
