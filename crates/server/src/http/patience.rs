//! Waits for something whole to be said before anything is set up for a connection. Until then it
//! costs a socket; what it says lies in the kernel's buffer.

use rustix::net::{RecvFlags, recv};
use std::io;
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::TcpStream;

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

/// How the wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    Ready,
    Gone,
    TooLong,
}

/// Returns once the peer has sent the whole of its opening, or [`ENOUGH`] of it; none of it is read.
pub(super) async fn wait_for(stream: &TcpStream, opening: Opening, limit: Duration) -> Waited {
    match tokio::time::timeout(limit, until_ready(stream, opening)).await {
        Ok(Ok(true)) => Waited::Ready,
        Ok(Ok(false) | Err(_)) => Waited::Gone,
        Err(_) => Waited::TooLong,
    }
}

/// False when the peer has closed.
async fn until_ready(stream: &TcpStream, opening: Opening) -> io::Result<bool> {
    loop {
        let ready = stream.ready(Interest::READABLE).await?;
        // "Would block" makes the runtime wait for more than there is now.
        match stream.try_io(Interest::READABLE, || look(stream, opening)) {
            // Whoever has closed its side stays "ready", and nothing more will come.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && ready.is_read_closed() => {
                return Ok(false);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            looked => return looked,
        }
    }
}

fn look(stream: &TcpStream, opening: Opening) -> io::Result<bool> {
    let mut bytes = [0; ENOUGH];
    let (len, _) = recv(stream, &mut bytes[..], RecvFlags::PEEK | RecvFlags::DONTWAIT)?;
    match len {
        0 => Ok(false),
        _ if opening.is_whole(&bytes[..len]) => Ok(true),
        _ => Err(io::ErrorKind::WouldBlock.into()),
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
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (near, listener.accept().await.unwrap().0)
    }

    #[tokio::test]
    async fn a_head_in_pieces_is_waited_for_and_left_unread() {
        let (mut near, mut far) = pair().await;
        let waiting = async {
            let waited = wait_for(&far, Opening::Head, Duration::from_secs(10)).await;
            assert_eq!(waited, Waited::Ready);
        };
        let sending = async {
            for piece in ["GET / HT", "TP/1.1\r\nhost: x\r\n", "\r", "\n"] {
                near.write_all(piece.as_bytes()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::join!(waiting, sending);
        let mut read = vec![0; 64];
        let len = far.read(&mut read).await.unwrap();
        assert_eq!(&read[..len], b"GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    }

    #[tokio::test]
    async fn whoever_leaves_or_says_nothing_is_told_apart() {
        let (near, far) = pair().await;
        drop(near);
        let limit = Duration::from_secs(10);
        assert_eq!(wait_for(&far, Opening::Head, limit).await, Waited::Gone);
        let (mut near, far) = pair().await;
        near.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        drop(near);
        assert_eq!(wait_for(&far, Opening::Head, limit).await, Waited::Gone);
        let (mut near, far) = pair().await;
        near.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        let limit = Duration::from_millis(100);
        assert_eq!(wait_for(&far, Opening::Head, limit).await, Waited::TooLong);
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
