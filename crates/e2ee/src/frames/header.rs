/// An SFrame header (RFC 9605 §4.3): which key, which counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub kid: u64,
    pub counter: u64,
}

/// Bytes that are no SFrame header, or not the shortest form of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an SFrame header")]
pub struct MalformedHeader;

/// Set when the value does not fit into the three bits beside it; these are then its length less
/// one.
const LONG: u8 = 0b1000;

impl Header {
    /// Appends the header to `out`: 1 to 17 bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        let (kid, counter) = (Field::of(self.kid), Field::of(self.counter));
        out.push(kid.nibble << 4 | counter.nibble);
        out.extend_from_slice(kid.bytes());
        out.extend_from_slice(counter.bytes());
    }

    /// The header as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(8);
        self.write(&mut out);
        out
    }

    /// Reads a header from the start of `bytes`; also its length.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), MalformedHeader> {
        let (&config, rest) = bytes.split_first().ok_or(MalformedHeader)?;
        let (kid, rest) = read_field(config >> 4, rest)?;
        let (counter, rest) = read_field(config & 0x0f, rest)?;
        Ok((Header { kid, counter }, bytes.len() - rest.len()))
    }
}

/// Four bits of the config byte and what follows it.
struct Field {
    nibble: u8,
    be: [u8; 8],
    len: usize,
}

impl Field {
    fn of(value: u64) -> Self {
        let be = value.to_be_bytes();
        if value < u64::from(LONG) {
            return Field { nibble: value as u8, be, len: 0 };
        }
        let len = 8 - value.leading_zeros() as usize / 8;
        Field { nibble: LONG | (len as u8 - 1), be, len }
    }

    fn bytes(&self) -> &[u8] {
        &self.be[8 - self.len..]
    }
}

fn read_field(nibble: u8, rest: &[u8]) -> Result<(u64, &[u8]), MalformedHeader> {
    let short = u64::from(nibble & 0b0111);
    if nibble & LONG == 0 {
        return Ok((short, rest));
    }
    let (bytes, rest) = rest.split_at_checked(short as usize + 1).ok_or(MalformedHeader)?;
    let value = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    let shortest = Field::of(value).nibble == nibble;
    if shortest { Ok((value, rest)) } else { Err(MalformedHeader) }
}
