//! What a person would see and hear, by ffmpeg.

use std::path::Path;
use std::process::{Command, Stdio};

const WIDTH: usize = 160;
const HEIGHT: usize = 90;
const RATE: usize = 48_000;

pub fn available() -> bool {
    let version = Command::new("ffmpeg").arg("-version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// Mean colour of the last picture.
pub fn colour(path: &Path) -> [u8; 3] {
    let pixels = pictures(path).pop().unwrap_or_else(|| panic!("no picture in {}", path.display()));
    [0, 1, 2].map(|channel| {
        let sum: u32 = pixels.iter().skip(channel).step_by(3).map(|&value| u32::from(value)).sum();
        (sum / (WIDTH * HEIGHT) as u32) as u8
    })
}

/// Whether pictures half a second apart differ in some region.
pub fn moves(path: &Path) -> bool {
    let pictures = pictures(path);
    pictures.iter().zip(pictures.iter().skip(5)).any(|(before, after)| {
        let changed = before.iter().zip(after).filter(|(a, b)| a.abs_diff(**b) > 60).count();
        changed > 100
    })
}

/// Which of these frequencies sounds the strongest; it must stand out from the others.
pub fn loudest_tone(path: &Path, frequencies: &[f64]) -> f64 {
    let rate = RATE.to_string();
    let bytes = ffmpeg(path, &["-ac", "1", "-ar", &rate, "-f", "s16le", "-"]);
    let samples: Vec<f64> = bytes
        .chunks_exact(2)
        .map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]])))
        .collect();
    assert!(samples.len() > RATE, "less than a second in {}", path.display());
    let mut powers: Vec<(f64, f64)> =
        frequencies.iter().map(|&f| (power(&samples, f), f)).collect();
    powers.sort_by(|a, b| b.0.total_cmp(&a.0));
    assert!(powers[0].0 > 10.0 * powers[1].0, "no clear tone: {powers:?}");
    powers[0].1
}

/// Mean power at a frequency over windows of 100 ms (Goertzel), so that phase jumps between
/// windows do not cancel it out.
fn power(samples: &[f64], frequency: f64) -> f64 {
    let step = 2.0 * (2.0 * std::f64::consts::PI * frequency / RATE as f64).cos();
    let window = |samples: &[f64]| {
        let (a, b) = samples.iter().fold((0.0, 0.0), |(a, b), x| (x + step * a - b, a));
        a * a + b * b - step * a * b
    };
    samples.chunks_exact(RATE / 10).map(window).sum()
}

fn pictures(path: &Path) -> Vec<Vec<u8>> {
    let scale = format!("scale={WIDTH}:{HEIGHT}");
    let bytes = ffmpeg(path, &["-vf", &scale, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]);
    bytes.chunks_exact(WIDTH * HEIGHT * 3).map(<[u8]>::to_vec).collect()
}

fn ffmpeg(path: &Path, args: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-loglevel", "error", "-i"])
        .arg(path)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
