//! What a receiver tells its sender: transport feedback (draft-holmer-rmcat-transport-wide-cc) and
//! receiver reports (RFC 3550 §6.4.2).

/// Packets in one report; more go into the next.
const MAX_PACKETS: usize = 400;

/// Ticks of the abs-send-time extension in a second.
const TICKS: u64 = 1 << 18;

/// Packets not reported yet. They count as having taken no time on the way: a generator that shares
/// the machine must not look like a congested network.
#[derive(Default)]
pub struct Arrivals {
    packets: Vec<(u64, u64)>,
    last_seq: Option<u64>,
    last_sent: Option<u64>,
    reports: u8,
}

impl Arrivals {
    /// A packet with this transport number, sent at this time (24 bits of 6.18 seconds).
    pub fn add(&mut self, seq: u16, sent: u32) {
        let seq = extend(self.last_seq, u64::from(seq), 16);
        let sent = extend(self.last_sent, u64::from(sent), 24);
        self.last_seq = self.last_seq.max(Some(seq));
        self.last_sent = self.last_sent.max(Some(sent));
        self.packets.push((seq, sent * 4_000 / TICKS));
    }

    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// The next report, as a whole RTCP packet.
    pub fn report(&mut self, own: u32, media: u32) -> Vec<u8> {
        self.packets.sort_unstable();
        let rest = self.packets.split_off(self.packets.len().min(MAX_PACKETS));
        let packets = std::mem::replace(&mut self.packets, rest);
        let (base, first_time) = packets[0];
        let count = (packets[packets.len() - 1].0 - base + 1).min(2_000);
        let reference = first_time / 256;
        let (mut chunks, mut deltas) = (Vec::new(), Vec::new());
        let (mut at, mut last) = (packets.iter().peekable(), reference * 256);
        for chunk in 0..count.div_ceil(7) {
            let mut word = 0b11u16 << 14;
            for place in 0..7 {
                let seq = base + chunk * 7 + place;
                let Some((_, time)) = at.next_if(|(known, _)| *known == seq) else { continue };
                let delta = *time as i64 - last as i64;
                last = *time;
                let small = u8::try_from(delta);
                word |= (if small.is_ok() { 1 } else { 2 }) << (12 - 2 * place);
                match small {
                    Ok(delta) => deltas.push(delta),
                    Err(_) => deltas.extend((delta as i16).to_be_bytes()),
                }
            }
            chunks.extend(word.to_be_bytes());
        }
        let mut out = vec![0x80 | 15, 205, 0, 0];
        out.extend(own.to_be_bytes());
        out.extend(media.to_be_bytes());
        out.extend((base as u16).to_be_bytes());
        out.extend((count as u16).to_be_bytes());
        out.extend(&(reference as u32).to_be_bytes()[1..]);
        out.push(self.reports);
        self.reports = self.reports.wrapping_add(1);
        out.extend(chunks);
        out.extend(deltas);
        pad(&mut out);
        out
    }
}

/// A report on these streams: SSRC and highest number.
pub fn receiver_report(own: u32, streams: &[(u32, u32)]) -> Vec<u8> {
    let streams = &streams[..streams.len().min(31)];
    let mut out = vec![0x80 | streams.len() as u8, 201, 0, 0];
    out.extend(own.to_be_bytes());
    for (ssrc, seq) in streams {
        out.extend(ssrc.to_be_bytes());
        out.extend([0; 4]);
        out.extend(seq.to_be_bytes());
        out.extend([0; 12]);
    }
    pad(&mut out);
    out
}

/// Fills up to a whole word and writes the length.
fn pad(packet: &mut Vec<u8>) {
    let missing = packet.len().next_multiple_of(4) - packet.len();
    if missing > 0 {
        packet[0] |= 0x20;
        packet.resize(packet.len() + missing, 0);
        *packet.last_mut().expect("not empty") = missing as u8;
    }
    let words = (packet.len() / 4 - 1) as u16;
    packet[2..4].copy_from_slice(&words.to_be_bytes());
}

/// The value nearest to the last one whose low bits are these.
pub fn extend(last: Option<u64>, low: u64, bits: u32) -> u64 {
    let Some(last) = last else { return low + (1 << bits) };
    let span = 1i64 << bits;
    let step = (low as i64 - last as i64).rem_euclid(span);
    let step = if step > span / 2 { step - span } else { step };
    (last as i64 + step).max(0) as u64
}
