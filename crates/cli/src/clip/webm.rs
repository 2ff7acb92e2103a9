//! VP8 from WebM.

use super::{Fault, VideoClip, VideoFrame, is_vp8_key};
use matroska_demuxer::{Frame, MatroskaFile, TrackEntry, TrackType};
use std::io::Cursor;
use std::time::Duration;

pub fn read(bytes: Vec<u8>) -> Result<VideoClip, Fault> {
    let mut file = MatroskaFile::open(Cursor::new(bytes)).map_err(|_| Fault::Damaged("WebM"))?;
    let scale = file.info().timestamp_scale().get();
    let track = vp8_track(file.tracks())?;
    let (number, size) = (track.track_number().get(), size(track)?);
    let mut frames = Vec::new();
    let mut frame = Frame::default();
    while file.next_frame(&mut frame).map_err(|_| Fault::Damaged("WebM block"))? {
        if frame.track == number {
            frames.push(convert(&mut frame, scale));
        }
    }
    VideoClip::from_frames(size.0, size.1, frames)
}

fn vp8_track(tracks: &[TrackEntry]) -> Result<&TrackEntry, Fault> {
    tracks
        .iter()
        .find(|track| track.track_type() == TrackType::Video && track.codec_id() == "V_VP8")
        .ok_or(Fault::WrongCodec)
}

fn size(track: &TrackEntry) -> Result<(u16, u16), Fault> {
    let video = track.video().ok_or(Fault::Damaged("WebM track"))?;
    let side = |pixels: u64| u16::try_from(pixels).map_err(|_| Fault::Damaged("WebM size"));
    Ok((side(video.pixel_width().get())?, side(video.pixel_height().get())?))
}

fn convert(frame: &mut Frame, scale: u64) -> VideoFrame {
    let data = std::mem::take(&mut frame.data);
    let at = Duration::from_nanos(frame.timestamp.saturating_mul(scale));
    VideoFrame { at, key: is_vp8_key(&data), data: data.into() }
}
