//! Writes what was received, one file for each verified sender and kind.

use crate::clip::{IvfWriter, OpusWriter, SAMPLE_RATE, vp8_size};
use e2ee::frames::Kind;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Files open at once; further senders are not recorded.
const MAX_TRACKS: usize = 128;

/// A pause shorter than this is jitter and is closed up; a longer one is kept.
const PAUSE: u64 = SAMPLE_RATE as u64 / 10;

/// Files being written into one folder.
pub struct Recorder {
    folder: PathBuf,
    tracks: BTreeMap<(Vec<u8>, Kind), Track>,
}

enum Track {
    Camera { out: IvfWriter<BufWriter<File>>, started: Instant },
    Mic { out: OpusWriter<BufWriter<File>>, started: Instant },
}

impl Recorder {
    /// Makes the folder.
    pub fn new(folder: &Path) -> std::io::Result<Recorder> {
        std::fs::create_dir_all(folder)?;
        Ok(Recorder { folder: folder.to_owned(), tracks: BTreeMap::new() })
    }

    /// Adds a verified, decodable frame of `device`, whose verified name is `name`.
    pub fn write(
        &mut self,
        device: &[u8],
        name: &str,
        kind: Kind,
        arrived: Instant,
        frame: &[u8],
    ) -> std::io::Result<()> {
        let key = (device.to_vec(), kind);
        if !self.tracks.contains_key(&key) {
            if self.tracks.len() >= MAX_TRACKS {
                return Ok(());
            }
            let stem = self.free_stem(name, device, kind);
            let Some(track) = self.start(&stem, kind, arrived, frame)? else { return Ok(()) };
            self.tracks.insert(key.clone(), track);
        }
        match self.tracks.get_mut(&key) {
            Some(track) => track.write(arrived, frame),
            None => Ok(()),
        }
    }

    /// Completes all files.
    pub fn finish(self) -> std::io::Result<()> {
        self.tracks.into_values().try_for_each(Track::finish)
    }

    /// A video begins with a keyframe; `None` until then.
    fn start(
        &self,
        stem: &str,
        kind: Kind,
        started: Instant,
        frame: &[u8],
    ) -> std::io::Result<Option<Track>> {
        if !kind.is_video() {
            let out = OpusWriter::new(self.create(stem, "ogg")?)?;
            return Ok(Some(Track::Mic { out, started }));
        }
        let Some((width, height)) = vp8_size(frame) else { return Ok(None) };
        let out = IvfWriter::new(self.create(stem, "ivf")?, width, height)?;
        Ok(Some(Track::Camera { out, started }))
    }

    fn create(&self, stem: &str, extension: &str) -> std::io::Result<BufWriter<File>> {
        Ok(BufWriter::new(File::create(self.folder.join(format!("{stem}.{extension}")))?))
    }

    /// `NAME-camera`, or with a part of the device key when another device bears the name.
    fn free_stem(&self, name: &str, device: &[u8], kind: Kind) -> String {
        let kind = kind_name(kind);
        let safe = |c: char| if c.is_alphanumeric() || c == '_' { c } else { '-' };
        let name: String = name.chars().map(safe).take(60).collect();
        let hex: String = device.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let stem = if name.is_empty() { format!("{hex}-{kind}") } else { format!("{name}-{kind}") };
        let taken = ["ivf", "ogg"].iter().any(|e| self.folder.join(format!("{stem}.{e}")).exists());
        if taken { format!("{name}-{hex}-{kind}") } else { stem }
    }
}

impl Track {
    fn write(&mut self, arrived: Instant, frame: &[u8]) -> std::io::Result<()> {
        match self {
            Track::Camera { out, started } => {
                out.write(arrived.saturating_duration_since(*started), frame)
            }
            Track::Mic { out, started } => {
                let at = samples(arrived.saturating_duration_since(*started));
                let start = if at > out.position() + PAUSE { at } else { 0 };
                out.write(start, frame)
            }
        }
    }

    fn finish(self) -> std::io::Result<()> {
        match self {
            Track::Camera { out, .. } => out.finish().map(drop),
            Track::Mic { out, .. } => out.finish().map(drop),
        }
    }
}

/// How reports and file names call a kind.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Mic => "mic",
        Kind::Camera => "camera",
        Kind::Screen => "screen",
        Kind::ScreenAudio => "screen-audio",
    }
}

fn samples(time: Duration) -> u64 {
    time.as_micros() as u64 * u64::from(SAMPLE_RATE) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::{AudioClip, VideoClip};

    const MS: Duration = Duration::from_millis(1);

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("clips").join(name)
    }

    #[test]
    fn what_was_received_can_be_played() {
        let dir = tempfile::tempdir().unwrap();
        let clip = VideoClip::open(&fixture("blue.ivf")).unwrap();
        let tone = AudioClip::open(&fixture("tone440.ogg")).unwrap();
        let mut recorder = Recorder::new(dir.path()).unwrap();
        let start = Instant::now();
        for frame in &clip.frames[1..] {
            recorder.write(&[1; 32], "A/na", Kind::Camera, start + frame.at, &frame.data).unwrap();
        }
        for (i, packet) in tone.packets.iter().enumerate() {
            let arrived = start + MS * (i as u32 * 20 + i as u32 % 3 * 15);
            recorder.write(&[1; 32], "A/na", Kind::Mic, arrived, &packet.data).unwrap();
        }
        recorder.write(&[2; 32], "A/na", Kind::Mic, start, &tone.packets[0].data).unwrap();
        recorder.finish().unwrap();
        let video = VideoClip::open(&dir.path().join("A-na-camera.ivf")).unwrap();
        assert_eq!(video.frames.len(), 10, "from the first keyframe on");
        let audio = AudioClip::open(&dir.path().join("A-na-mic.ogg")).unwrap();
        assert_eq!(audio.packets, tone.packets);
        assert!(dir.path().join("A-na-02020202-mic.ogg").exists());
    }
}
