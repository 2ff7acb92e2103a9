//! The VP8 payload descriptor (RFC 7741 §4.2).

/// Bytes of payload in one packet, descriptor included: with the RTP header, its extensions and
/// the SRTP tag it stays below 1,200 bytes, which every path carries. Larger means fewer packets
/// but risks fragments, smaller wastes headers.
const MAX_PAYLOAD: usize = 1100;

/// Required byte, extension byte, two bytes of PictureID, TL0PICIDX, TID/Y.
const DESCRIPTOR: usize = 6;

/// Where a stream stands in its picture numbers. One temporal layer, so both count every frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbering {
    /// 15 bits.
    pub picture: u16,
    pub tl0: u8,
}

impl Numbering {
    /// The numbers of the next frame.
    pub fn next(self) -> Numbering {
        Numbering { picture: (self.picture + 1) & 0x7fff, tl0: self.tl0.wrapping_add(1) }
    }
}

/// Cuts a frame into RTP payloads of nearly equal size; the marker bit belongs on the last.
pub fn packetise(frame: &[u8], numbers: Numbering) -> Vec<Vec<u8>> {
    let room = MAX_PAYLOAD - DESCRIPTOR;
    let packets = frame.len().div_ceil(room).max(1);
    let size = frame.len().div_ceil(packets).max(1);
    let first = [(true, &frame[..size.min(frame.len())])];
    let rest = frame[size.min(frame.len())..].chunks(size).map(|chunk| (false, chunk));
    first.into_iter().chain(rest).map(|(start, chunk)| payload(start, numbers, chunk)).collect()
}

fn payload(start: bool, numbers: Numbering, chunk: &[u8]) -> Vec<u8> {
    let [high, low] = numbers.picture.to_be_bytes();
    let mut out = Vec::with_capacity(DESCRIPTOR + chunk.len());
    // X; S on the first packet of the frame. Extension: I, L, T. Temporal layer 0.
    out.extend_from_slice(&[0x80 | u8::from(start) << 4, 0xe0, 0x80 | high, low, numbers.tl0, 0]);
    out.extend_from_slice(chunk);
    out
}

/// What a receiver needs of the descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// This packet begins a frame.
    pub starts_frame: bool,
    /// Where the frame's bytes begin.
    pub len: usize,
}

impl Descriptor {
    /// Reads the descriptor; `None` when the payload is too short for it and one byte more.
    pub fn parse(payload: &[u8]) -> Option<Descriptor> {
        let first = *payload.first()?;
        let mut len = 1;
        if first & 0x80 != 0 {
            let extension = *payload.get(1)?;
            len = 2;
            if extension & 0x80 != 0 {
                len += if *payload.get(len)? & 0x80 != 0 { 2 } else { 1 };
            }
            len += usize::from(extension & 0x40 != 0);
            len += usize::from(extension & 0x30 != 0);
        }
        let starts_frame = first & 0x10 != 0 && first & 0x07 == 0;
        (payload.len() > len).then_some(Descriptor { starts_frame, len })
    }
}
