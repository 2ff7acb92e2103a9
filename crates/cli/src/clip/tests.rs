use super::*;
use proptest::prelude::*;
use std::io::Cursor;
use std::path::PathBuf;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clips").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

#[test]
fn ivf_yields_every_frame_with_its_time() {
    let clip = VideoClip::open(&fixture("blue.ivf")).unwrap();
    assert_eq!((clip.width, clip.height, clip.frames.len()), (160, 90, 20));
    assert_eq!(clip.frames[3].at, Duration::from_millis(300));
    assert_eq!(clip.length, Duration::from_secs(2));
    let keys: Vec<_> = clip.frames.iter().filter(|f| f.key).map(|f| f.at.as_millis()).collect();
    assert_eq!(keys, [0, 1000]);
    assert_eq!(vp8_size(&clip.frames[0].data), Some((160, 90)));
    assert_eq!(vp8_size(&clip.frames[1].data), None);
}

#[test]
fn webm_yields_every_frame_with_its_time() {
    let clip = VideoClip::open(&fixture("red.webm")).unwrap();
    assert_eq!((clip.width, clip.height, clip.frames.len()), (160, 90, 20));
    assert_eq!(clip.frames[3].at, Duration::from_millis(300));
    assert_eq!(clip.length, Duration::from_secs(2));
    assert!(clip.frames[10].key && !clip.frames[9].key);
}

#[test]
fn ogg_yields_every_packet_with_its_length() {
    let clip = AudioClip::open(&fixture("tone440.ogg")).unwrap();
    assert_eq!(clip.channels, 1);
    assert!(clip.packets.iter().all(|packet| packet.samples == 960));
    assert!((50..=52).contains(&clip.packets.len()), "{}", clip.packets.len());
}

#[test]
fn wrong_or_damaged_files_are_named_as_such() {
    let fault = |bytes: &[u8]| VideoClip::parse(bytes.to_vec()).unwrap_err();
    let ivf = bytes("blue.ivf");
    assert_eq!(fault(b"RIFF"), Fault::UnknownFormat);
    assert_eq!(fault(b""), Fault::UnknownFormat);
    assert_eq!(fault(&ivf[..20]), Fault::Damaged("IVF header"));
    assert_eq!(fault(&ivf[..ivf.len() - 1]), Fault::Damaged("IVF frame"));
    assert_eq!(fault(&ivf[..32]), Fault::Empty);
    let mut vp9 = ivf.clone();
    vp9[8..12].copy_from_slice(b"VP90");
    assert_eq!(fault(&vp9), Fault::WrongCodec);
    let first = 32 + 12 + u32::from_le_bytes(ivf[32..36].try_into().unwrap()) as usize;
    let without_first = [&ivf[..32], &ivf[first..]].concat();
    assert_eq!(fault(&without_first), Fault::NoKeyframeFirst);
    assert_eq!(ogg::read(ivf).unwrap_err(), Fault::UnknownFormat);
}

#[test]
fn a_written_ivf_reads_back() {
    let clip = VideoClip::open(&fixture("red.webm")).unwrap();
    let mut writer = IvfWriter::new(Cursor::new(Vec::new()), 160, 90).unwrap();
    for frame in &clip.frames {
        writer.write(frame.at, &frame.data).unwrap();
    }
    let written = writer.finish().unwrap().into_inner();
    assert_eq!(u32::from_le_bytes(written[24..28].try_into().unwrap()), 20);
    assert_eq!(VideoClip::parse(written).unwrap().frames, clip.frames);
}

#[test]
fn a_written_ogg_reads_back_and_keeps_pauses() {
    let clip = AudioClip::open(&fixture("tone660.ogg")).unwrap();
    let mut writer = OpusWriter::new(Vec::new()).unwrap();
    for (i, packet) in clip.packets.iter().enumerate() {
        let pause = if i >= 10 { 48_000 } else { 0 };
        writer.write(i as u64 * 960 + pause, &packet.data).unwrap();
    }
    let written = writer.finish().unwrap();
    let last_page = written.windows(4).rposition(|w| w == b"OggS").unwrap();
    let position = u64::from_le_bytes(written[last_page + 6..last_page + 14].try_into().unwrap());
    assert_eq!(position, clip.packets.len() as u64 * 960 + 48_000);
    assert_eq!(ogg::read(written).unwrap().packets, clip.packets);
}

#[test]
fn opus_packets_tell_their_length() {
    // RFC 6716 table 2: configuration, then one, two or a counted number of frames.
    assert_eq!(packet_samples(&[1 << 3, 0]), Some(960)); // SILK 20 ms
    assert_eq!(packet_samples(&[3 << 3, 0]), Some(2880)); // SILK 60 ms
    assert_eq!(packet_samples(&[13 << 3 | 1, 0]), Some(1920)); // hybrid, two of 20 ms
    assert_eq!(packet_samples(&[16 << 3 | 3, 4]), Some(480)); // CELT, four of 2.5 ms
    assert_eq!(packet_samples(&[3 << 3 | 3, 3]), None); // 180 ms is too long
    assert_eq!(packet_samples(&[3, 0]), None); // no frames
    assert_eq!(packet_samples(&[3]), None);
    assert_eq!(packet_samples(&[]), None);
}

proptest! {
    #[test]
    fn cut_or_changed_files_never_panic(
        which in 0..3usize, cut in 0..4000usize, at in 0..4000usize, to: u8,
    ) {
        let mut data = bytes(["blue.ivf", "red.webm", "tone440.ogg"][which]);
        let at = at % data.len();
        data[at] = to;
        data.truncate(data.len() - cut.min(data.len()));
        let _ = VideoClip::parse(data.clone());
        let _ = ogg::read(data);
    }
}
