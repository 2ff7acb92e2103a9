//! The first byte of an Opus packet (RFC 6716 §3.1): how long it plays.

/// RTP and Ogg both count Opus time at this rate, whatever the file was made from.
pub const SAMPLE_RATE: u32 = 48_000;

/// Samples at 48 kHz that a packet plays; `None` if it is not an Opus packet.
pub fn packet_samples(packet: &[u8]) -> Option<u32> {
    let toc = *packet.first()?;
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1)? & 0x3f),
    };
    let samples = frames * frame_samples(toc >> 3);
    // RFC 6716 §3.4 R5: no packet plays longer than 120 ms.
    (frames > 0 && samples <= SAMPLE_RATE / 1000 * 120).then_some(samples)
}

fn frame_samples(config: u8) -> u32 {
    match config {
        0..=11 => [480, 960, 1920, 2880][usize::from(config & 3)],
        12..=15 => [480, 960][usize::from(config & 1)],
        _ => [120, 240, 480, 960][usize::from(config & 3)],
    }
}
