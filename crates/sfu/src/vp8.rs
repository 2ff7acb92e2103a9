//! The VP8 RTP payload descriptor (RFC 7741 §4.2) and the one clear byte behind it.

use str0m::rtp::{Vp8Descriptor, Vp8Patch};

/// What forwarding needs to know of one VP8 packet.
#[derive(Clone, Copy, Debug)]
pub struct Vp8 {
    /// First packet of a frame: `S` set and partition 0.
    pub starts_frame: bool,
    /// First packet of a keyframe (`P` of the payload header clear). A publisher can lie here.
    pub starts_keyframe: bool,
    /// `N`: no other frame depends on this one.
    pub non_reference: bool,
    /// `TID`, the temporal layer.
    pub temporal_layer: Option<u8>,
    /// `Y`: the frame depends on the base layer only.
    pub layer_sync: bool,
    /// PictureID, when present with 15 bits; a 7-bit one cannot be made continuous and is ignored.
    pub picture_id: Option<u16>,
    /// TL0PICIDX.
    pub tl0_picture: Option<u8>,
    descriptor: Vp8Descriptor,
}

/// A payload that is not VP8 as RFC 7741 frames it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a VP8 payload descriptor")]
pub struct NotVp8;

const EXTENDED: u8 = 0x80;
const NON_REFERENCE: u8 = 0x20;
const START: u8 = 0x10;
const PARTITION: u8 = 0x07;
const HAS_PICTURE: u8 = 0x80;
const HAS_TL0: u8 = 0x40;
const HAS_TID: u8 = 0x20;
const LONG_PICTURE: u8 = 0x80;
const LAYER_SYNC: u8 = 0x20;

impl Vp8 {
    /// Reads the descriptor at the head of an RTP payload.
    pub fn parse(payload: &[u8]) -> Result<Vp8, NotVp8> {
        let descriptor = Vp8Descriptor::parse(payload).map_err(|_| NotVp8)?;
        let first = *payload.first().ok_or(NotVp8)?;
        let temporal = temporal_octet(payload);
        let long = long_picture_id(payload);
        Ok(Vp8 {
            starts_frame: first & START != 0 && first & PARTITION == 0,
            starts_keyframe: descriptor.starts_keyframe(payload),
            non_reference: first & NON_REFERENCE != 0,
            temporal_layer: temporal.map(|octet| octet >> 6),
            layer_sync: temporal.is_some_and(|octet| octet & LAYER_SYNC != 0),
            picture_id: descriptor.picture_id().filter(|_| long),
            tl0_picture: descriptor.tl0_pic_idx(),
            descriptor,
        })
    }

    /// A replacement of the picture numbers that leaves the payload's length unchanged; `None`
    /// where there is nothing to replace.
    pub fn patch(&self, picture_id: Option<u16>, tl0_picture: Option<u8>) -> Option<Vp8Patch> {
        let mut patch = self.descriptor.patch();
        if let Some(value) = picture_id {
            patch = patch.picture_id(value);
        }
        if let Some(value) = tl0_picture {
            patch = patch.tl0_pic_idx(value);
        }
        patch.build().ok().filter(|_| picture_id.is_some() || tl0_picture.is_some())
    }
}

fn long_picture_id(payload: &[u8]) -> bool {
    let extension = extension(payload).unwrap_or(0);
    extension & HAS_PICTURE != 0 && payload.get(2).is_some_and(|octet| octet & LONG_PICTURE != 0)
}

/// The TID/Y/KEYIDX octet, when its TID and Y bits mean something.
fn temporal_octet(payload: &[u8]) -> Option<u8> {
    let extension = extension(payload)?;
    if extension & HAS_TID == 0 {
        return None;
    }
    let picture = match (extension & HAS_PICTURE != 0, long_picture_id(payload)) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => 2,
    };
    let tl0 = usize::from(extension & HAS_TL0 != 0);
    payload.get(2 + picture + tl0).copied()
}

fn extension(payload: &[u8]) -> Option<u8> {
    payload.first().filter(|first| *first & EXTENDED != 0)?;
    payload.get(1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// X I(15) L T K: picture 0x1234, TL0 7, TID 2, Y, KEYIDX 3.
    const FULL: &[u8] = &[0x90, 0xf0, 0x92, 0x34, 7, 0b1010_0011, 0x00, 0xaa];

    #[test]
    fn every_field_of_a_full_descriptor_is_read() {
        let vp8 = Vp8::parse(FULL).unwrap();
        assert!(vp8.starts_frame && vp8.starts_keyframe && !vp8.non_reference && vp8.layer_sync);
        assert_eq!(vp8.picture_id, Some(0x1234));
        assert_eq!(vp8.tl0_picture, Some(7));
        assert_eq!(vp8.temporal_layer, Some(2));
    }

    #[test]
    fn a_delta_frame_is_no_keyframe() {
        let mut payload = FULL.to_vec();
        payload[6] = 0x01;
        assert!(!Vp8::parse(&payload).unwrap().starts_keyframe);
    }

    #[test]
    fn a_bare_descriptor_has_no_numbers() {
        let vp8 = Vp8::parse(&[0x30, 0x01]).unwrap();
        assert!(vp8.non_reference && vp8.picture_id.is_none() && vp8.temporal_layer.is_none());
        assert!(vp8.patch(None, None).is_none());
    }

    #[test]
    fn a_short_picture_id_is_left_alone() {
        let vp8 = Vp8::parse(&[0x90, 0xa0, 0x12, 0x40, 0x01]).unwrap();
        assert_eq!(vp8.picture_id, None);
        assert_eq!(vp8.temporal_layer, Some(1));
    }

    #[test]
    fn truncation_is_an_error_at_every_length() {
        for len in 0..7 {
            assert_eq!(Vp8::parse(&FULL[..len]).err(), Some(NotVp8), "{len} bytes");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            if let Ok(vp8) = Vp8::parse(&bytes) {
                let _ = vp8.patch(vp8.picture_id, vp8.tl0_picture);
            }
        }
    }
}
