//! The one STUN attribute (RFC 8489) that routing reads: whose connection a check is for.

const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEADER: usize = 20;
const USERNAME: u16 = 0x0006;

/// Whether a datagram is STUN by its first byte (RFC 7983).
pub fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| *first < 4)
}

/// The receiver's ICE ufrag: the part of USERNAME before the colon. Unauthenticated: it only
/// says which connection is to check the message.
pub fn unverified_ufrag(datagram: &[u8]) -> Option<&str> {
    if !is_stun(datagram) || datagram.get(4..8)? != MAGIC_COOKIE {
        return None;
    }
    let mut rest = datagram.get(HEADER..)?;
    loop {
        let kind = u16::from_be_bytes([*rest.first()?, *rest.get(1)?]);
        let len = usize::from(u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]));
        let value = rest.get(4..4 + len)?;
        if kind == USERNAME {
            return std::str::from_utf8(value).ok()?.split(':').next();
        }
        rest = rest.get(4 + len.next_multiple_of(4)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(attributes: &[u8]) -> Vec<u8> {
        let mut out = vec![0, 1, 0, attributes.len() as u8];
        out.extend(MAGIC_COOKIE);
        out.extend([0; 12]);
        out.extend(attributes);
        out
    }

    #[test]
    fn the_ufrag_is_found_behind_other_attributes() {
        let bytes = message(b"\0\x24\0\x01x...\0\x06\0\x07srv:cli.");
        assert_eq!(unverified_ufrag(&bytes), Some("srv"));
    }

    #[test]
    fn a_length_beyond_the_datagram_finds_nothing() {
        assert_eq!(unverified_ufrag(&message(b"\0\x06\xff\xffsrv:cli")), None);
    }

    #[test]
    fn another_cookie_is_not_stun() {
        let mut bytes = message(b"\0\x06\0\x07srv:cli.");
        bytes[4] = 0;
        assert_eq!(unverified_ufrag(&bytes), None);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(attributes: Vec<u8>) {
            let _ = unverified_ufrag(&message(&attributes));
            let _ = unverified_ufrag(&attributes);
        }
    }
}
