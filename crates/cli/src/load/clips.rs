use crate::clip::{AudioClip, ClipError, VideoClip};
use std::path::PathBuf;

/// Two seconds of 10 pictures a second in three layers, smallest first; `clips/make.sh` made them.
const LAYERS: [&[u8]; 3] = [
    include_bytes!("../../clips/green-q.ivf"),
    include_bytes!("../../clips/green-h.ivf"),
    include_bytes!("../../clips/green-f.ivf"),
];

/// A second of a tone, in packets of 20 ms.
const TONE: &[u8] = include_bytes!("../../clips/tone440.ogg");

/// The layers of a camera: those of the files, or small ones that are built in.
pub fn video(files: &[PathBuf]) -> Result<Vec<VideoClip>, ClipError> {
    match files {
        [] => Ok(LAYERS.into_iter().map(built_in_video).collect()),
        files => files.iter().map(|path| VideoClip::open(path)).collect(),
    }
}

/// A voice: that of the file, or a tone that is built in.
pub fn audio(file: Option<&PathBuf>) -> Result<AudioClip, ClipError> {
    file.map_or_else(|| Ok(built_in_audio()), |path| AudioClip::open(path))
}

fn built_in_video(clip: &[u8]) -> VideoClip {
    VideoClip::parse(clip.to_vec()).expect("invariant: built-in clips are sound")
}

fn built_in_audio() -> AudioClip {
    AudioClip::parse(TONE.to_vec()).expect("invariant: built-in clips are sound")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_names_no_file_sends_three_layers_and_a_tone() {
        let layers = video(&[]).unwrap();
        assert_eq!(layers.iter().map(|clip| clip.width).collect::<Vec<_>>(), [80, 160, 320]);
        assert!(audio(None).unwrap().packets.len() >= 50);
    }
}
