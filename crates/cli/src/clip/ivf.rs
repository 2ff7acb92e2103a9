//! IVF: a 32-byte header, then frames, each with a 12-byte header; all little-endian.

use super::{Fault, VideoClip, VideoFrame, is_vp8_key};
use std::io::{Seek, SeekFrom, Write};
use std::time::Duration;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 12;

pub fn read(bytes: &[u8]) -> Result<VideoClip, Fault> {
    let header = bytes.get(..HEADER).ok_or(Fault::Damaged("IVF header"))?;
    if &header[8..12] != b"VP80" {
        return Err(Fault::WrongCodec);
    }
    let (rate, scale) = (u32_at(header, 16), u32_at(header, 20));
    if rate == 0 || scale == 0 {
        return Err(Fault::Damaged("IVF time base"));
    }
    let start = usize::from(u16_at(header, 6)).max(HEADER);
    let mut rest = bytes.get(start..).ok_or(Fault::Damaged("IVF header"))?;
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let (frame, tail) = read_frame(rest, rate, scale)?;
        frames.push(frame);
        rest = tail;
    }
    VideoClip::from_frames(u16_at(header, 12), u16_at(header, 14), frames)
}

fn read_frame(bytes: &[u8], rate: u32, scale: u32) -> Result<(VideoFrame, &[u8]), Fault> {
    let damaged = Fault::Damaged("IVF frame");
    let (header, rest) = bytes.split_at_checked(FRAME_HEADER).ok_or(damaged.clone())?;
    let (data, tail) = rest.split_at_checked(u32_at(header, 0) as usize).ok_or(damaged.clone())?;
    let ticks = u64::from(u32_at(header, 4)) | u64::from(u32_at(header, 8)) << 32;
    let nanos = u128::from(ticks) * u128::from(scale) * 1_000_000_000 / u128::from(rate);
    let at = Duration::from_nanos(u64::try_from(nanos).map_err(|_| damaged)?);
    Ok((VideoFrame { at, key: is_vp8_key(data), data: data.into() }, tail))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Writes VP8 frames with times in milliseconds.
pub struct IvfWriter<W> {
    out: W,
    frames: u32,
    last: Option<u64>,
}

impl<W: Write + Seek> IvfWriter<W> {
    /// Starts the file; the size is what players show before the first keyframe says its own.
    pub fn new(mut out: W, width: u16, height: u16) -> std::io::Result<Self> {
        let mut header = Vec::with_capacity(HEADER);
        header.extend_from_slice(b"DKIF\0\0");
        header.extend_from_slice(&(HEADER as u16).to_le_bytes());
        header.extend_from_slice(b"VP80");
        header.extend_from_slice(&width.to_le_bytes());
        header.extend_from_slice(&height.to_le_bytes());
        header.extend_from_slice(&1000u32.to_le_bytes());
        header.extend_from_slice(&1u32.to_le_bytes());
        header.extend_from_slice(&[0; 8]);
        out.write_all(&header)?;
        Ok(IvfWriter { out, frames: 0, last: None })
    }

    /// Adds a frame; a time not later than the one before is moved up by a millisecond.
    pub fn write(&mut self, at: Duration, frame: &[u8]) -> std::io::Result<()> {
        let ticks = (at.as_millis() as u64).max(self.last.map_or(0, |last| last + 1));
        self.out.write_all(&(frame.len() as u32).to_le_bytes())?;
        self.out.write_all(&ticks.to_le_bytes())?;
        self.out.write_all(frame)?;
        self.frames += 1;
        self.last = Some(ticks);
        Ok(())
    }

    /// Writes the frame count into the header.
    pub fn finish(mut self) -> std::io::Result<W> {
        self.out.seek(SeekFrom::Start(24))?;
        self.out.write_all(&self.frames.to_le_bytes())?;
        self.out.seek(SeekFrom::End(0))?;
        self.out.flush()?;
        Ok(self.out)
    }
}
