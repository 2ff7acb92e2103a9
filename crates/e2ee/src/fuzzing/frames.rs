use crate::frames::{Header, Kind, Lease, OpenError, Opener, Sealer};
use base::Secret;

/// Frames off the wire: the first byte picks the slot's kind. What opens does so once, in a slot of
/// its kind, and is what a sender sealed.
pub fn frame(data: &[u8]) {
    header(data);
    let Some((kind, frame)) = data.split_first() else { return };
    let kind = Kind::ALL[usize::from(kind % 4)];
    let mut opener = opener();
    let Ok(opened) = opener.open(kind, frame) else { return };
    assert_eq!(opener.open(kind, frame), Err(OpenError::Repeated));
    for other in Kind::ALL.into_iter().filter(|other| *other != kind) {
        assert!(self::opener().open(other, frame).is_err());
    }
    let mut sealer = sealer(opened.epoch, opened.leaf);
    sealer
        .add_lease(Lease { kind, epoch: opened.epoch, start: opened.counter, count: 1 })
        .expect("senders use counters inside their range");
    assert_eq!(sealer.seal(kind, &opened.frame).as_deref(), Ok(frame));
}

fn header(data: &[u8]) {
    if let Ok((header, len)) = Header::read(data) {
        assert_eq!(header.to_bytes(), &data[..len]);
    }
}

/// Knows epochs 3 and 4, whose base keys are their numbers.
fn opener() -> Opener {
    let mut opener = Opener::new();
    for epoch in [3, 4] {
        opener.add_epoch(epoch, Secret::new([epoch as u8; 16]));
    }
    opener
}

fn sealer(epoch: u64, leaf: u32) -> Sealer {
    let mut sealer = Sealer::new();
    sealer.add_epoch(epoch, Secret::new([epoch as u8; 16]));
    sealer.send_with(epoch, leaf).expect("the epoch was added and the leaf fits");
    sealer
}

/// Genuine frames, to start fuzzing from.
pub fn frame_seeds() -> Vec<Vec<u8>> {
    let keyframe: &[u8] = &[0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 1, 0xf0, 0, 7, 7];
    let frames: [(Kind, &[u8], u64); 4] = [
        (Kind::Mic, b"opus", 0),
        (Kind::Camera, keyframe, 300),
        (Kind::Screen, &[0x11, 1, 2, 3], 70_000),
        (Kind::ScreenAudio, b"", 7),
    ];
    let seal = |(kind, frame, start): &(Kind, &[u8], u64)| {
        let mut sealer = sealer(3 + start % 2, 5);
        let lease = Lease { kind: *kind, epoch: 3 + start % 2, start: *start, count: 1 };
        sealer.add_lease(lease).expect("the epoch is sent with");
        let sealed = sealer.seal(*kind, frame).expect("a counter is leased");
        [&[*kind as u8], sealed.as_slice()].concat()
    };
    frames.iter().map(seal).collect()
}
