//! The byte form of signed statements: fixed-width big-endian integers and length-prefixed byte
//! strings, in declaration order. One value has exactly one encoding, so signatures over it are
//! unambiguous.

/// Input that is not an encoding of the expected statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("the statement ends too early")]
    Truncated,
    #[error("the statement has bytes after its end")]
    TrailingBytes,
    #[error("a field of the statement has a value outside its range")]
    OutOfRange,
}

/// Builds an encoding.
#[derive(Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub fn u32(mut self, value: u32) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub fn u64(mut self, value: u64) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// Bytes whose length both sides know.
    pub fn fixed(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// A `u32` length, then the bytes.
    pub fn bytes(self, bytes: &[u8]) -> Self {
        self.u32(bytes.len() as u32).fixed(bytes)
    }

    /// A `u32` count, then each item.
    pub fn list<T>(self, items: &[T], mut each: impl FnMut(Writer, &T) -> Writer) -> Self {
        let counted = self.u32(items.len() as u32);
        items.iter().fold(counted, &mut each)
    }

    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads an encoding; every read is checked against what is left.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader(bytes)
    }

    pub fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (head, tail) = self.0.split_at_checked(len).ok_or(DecodeError::Truncated)?;
        self.0 = tail;
        Ok(head)
    }

    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        self.take(N)?.try_into().map_err(|_| DecodeError::Truncated)
    }

    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.fixed::<1>()?[0])
    }

    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from_be_bytes(self.fixed()?))
    }

    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        Ok(u64::from_be_bytes(self.fixed()?))
    }

    /// A length-prefixed byte string of at most `max` bytes.
    pub fn bytes(&mut self, max: usize) -> Result<&'a [u8], DecodeError> {
        let len = self.u32()? as usize;
        if len > max {
            return Err(DecodeError::OutOfRange);
        }
        self.take(len)
    }

    /// A counted list of at most `max` items.
    pub fn list<T>(
        &mut self,
        max: usize,
        mut each: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let len = self.u32()? as usize;
        if len > max {
            return Err(DecodeError::OutOfRange);
        }
        (0..len).map(|_| each(self)).collect()
    }

    /// Succeeds if everything has been read.
    pub fn finish(self) -> Result<(), DecodeError> {
        if self.0.is_empty() { Ok(()) } else { Err(DecodeError::TrailingBytes) }
    }
}
