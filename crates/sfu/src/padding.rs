//! Packets of one frame made equally long, so that they leave as one segmented send (udp(7), `UDP_SEGMENT`): all its
//! datagrams but the last have one size. Browsers cut a frame into parts that differ by a byte where it does not
//! come out even, shorter ones first.

use crate::{MediaPacket, RoomId};

/// Most bytes that are added to a packet.
const MAX_PADDING: usize = 16;

/// The next packet of a frame is looked for among so many that came after it.
const LOOK_AHEAD: usize = 8;

/// Pads what is a little shorter than the next packet of its frame.
pub(crate) fn even_out(packets: &mut [(RoomId, MediaPacket)]) {
    for index in (0..packets.len()).rev() {
        let Some(((room, packet), later)) =
            packets.get_mut(index..).and_then(<[_]>::split_first_mut)
        else {
            return;
        };
        let mut later = later.iter().take(LOOK_AHEAD);
        let next = later.find(|(at, next)| *at == *room && is_next(packet, next));
        let target = next.map_or(0, |(_, next)| next.sent_len());
        let missing = target.saturating_sub(packet.payload.len());
        if (1..=MAX_PADDING).contains(&missing) {
            packet.padding = missing as u8;
        }
    }
}

fn is_next(packet: &MediaPacket, next: &MediaPacket) -> bool {
    packet.vp8.is_some()
        && packet.stream == next.stream
        && packet.source == next.source
        && packet.timestamp == next.timestamp
        && packet.seq + 1 == next.seq
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vp8::Vp8;
    use crate::{Kind, Layer, SourceId};
    use std::time::Instant;

    const ROOM: RoomId = RoomId([1; 16]);

    fn packet(seq: u64, timestamp: u32, len: usize) -> (RoomId, MediaPacket) {
        let mut payload = vec![0x90, 0xe0, 0x80, 1, 1, 0x20, 1];
        payload.resize(len, 0x5a);
        let packet = MediaPacket {
            source: SourceId { participant: base::ParticipantId(1), kind: Kind::Camera },
            layer: Layer::F,
            stream: 7,
            seq,
            timestamp,
            marker: false,
            vp8: Some(Vp8::parse(&payload).unwrap()),
            payload: payload.into(),
            padding: 0,
            arrived: Instant::now(),
            level: None,
        };
        (ROOM, packet)
    }

    fn sent(packets: &[(RoomId, MediaPacket)]) -> Vec<usize> {
        packets.iter().map(|(_, packet)| packet.sent_len()).collect()
    }

    #[test]
    fn a_frame_as_browsers_cut_it_has_one_size_then() {
        let mut packets: Vec<_> =
            [(1, 99), (2, 99), (3, 100), (4, 100)].map(|(seq, len)| packet(seq, 5, len)).into();
        even_out(&mut packets);
        assert_eq!(sent(&packets), [100; 4]);
        assert_eq!(packets[0].1.payload.len(), 99, "repairs are made of what came");
    }

    #[test]
    fn nothing_else_is_padded() {
        // A shorter last packet, another frame, one that is much longer, one that is missing between.
        for (second, timestamp, len) in [(2, 5, 80), (2, 6, 101), (2, 5, 200), (3, 5, 101)] {
            let mut packets = vec![packet(1, 5, 100), packet(second, timestamp, len)];
            even_out(&mut packets);
            assert_eq!(sent(&packets), [100, len]);
        }
    }

    #[test]
    fn the_next_packet_may_come_after_others() {
        let mut other = packet(9, 5, 300);
        other.1.stream = 8;
        let mut packets = vec![packet(1, 5, 99), other, packet(2, 5, 100)];
        even_out(&mut packets);
        assert_eq!(sent(&packets), [100, 300, 100]);
    }
}
