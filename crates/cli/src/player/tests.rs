use super::*;
use crate::clip::{AudioClip, AudioPacket, VideoClip, VideoFrame};
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);

/// Ten frames a second for two seconds, a keyframe each second; the data is the frame's number.
fn clip() -> VideoClip {
    let frame = |i: u64| VideoFrame {
        at: MS * 100 * i as u32,
        key: i.is_multiple_of(10),
        data: [i as u8].into(),
    };
    VideoClip { width: 16, height: 16, frames: (0..20).map(frame).collect(), length: MS * 2000 }
}

fn play(player: &mut VideoPlayer, from: Instant, times: std::ops::Range<u32>) -> Vec<(usize, u8)> {
    let mut out = vec![];
    for ms in times {
        while let Some(frame) = player.poll(from + MS * ms) {
            out.push((frame.layer, frame.data[0]));
        }
    }
    out
}

#[test]
fn frames_come_at_their_time_and_the_clip_repeats() {
    let start = Instant::now();
    let mut player = VideoPlayer::new(start, vec![clip()]);
    let played = play(&mut player, start, 0..4001);
    let expected: Vec<_> = (0..20).chain(0..20).chain(0..1).map(|i| (0, i)).collect();
    assert_eq!(played, expected);
    assert_eq!(player.deadline(), Some(start + MS * 4100));
}

#[test]
fn times_follow_the_clock_across_a_jump() {
    let start = Instant::now();
    let mut player = VideoPlayer::new(start, vec![clip()]);
    play(&mut player, start, 0..450);
    player.handle_keyframe_request(start + MS * 450, 0);
    let frame = player.poll(start + MS * 500).unwrap();
    assert_eq!((frame.data[0], frame.key, frame.time), (10, true, 45_000));
}

#[test]
fn a_keyframe_request_jumps_only_its_layer_to_the_next_keyframe() {
    let start = Instant::now();
    let mut player = VideoPlayer::new(start, vec![clip(), clip()]);
    play(&mut player, start, 0..450);
    player.handle_keyframe_request(start + MS * 450, 1);
    assert_eq!(play(&mut player, start, 450..601), [(0, 5), (1, 10), (0, 6), (1, 11)]);
    player.handle_keyframe_request(start + MS * 610, 1);
    assert_eq!(play(&mut player, start, 610..701), [(0, 7), (1, 12)], "just had one");
}

#[test]
fn a_request_in_the_last_second_loops_to_the_first_keyframe() {
    let start = Instant::now();
    let mut player = VideoPlayer::new(start, vec![clip()]);
    play(&mut player, start, 0..1450);
    player.handle_keyframe_request(start + MS * 1450, 0);
    assert_eq!(play(&mut player, start, 1450..1601), [(0, 0), (0, 1)]);
}

#[test]
fn an_unwatched_layer_rests_and_returns_with_a_keyframe() {
    let start = Instant::now();
    let mut player = VideoPlayer::new(start, vec![clip(), clip()]);
    play(&mut player, start, 0..250);
    player.select(start + MS * 250, |layer| layer == 0);
    assert_eq!(play(&mut player, start, 250..401), [(0, 3), (0, 4)]);
    player.select(start + MS * 450, |_| true);
    assert_eq!(play(&mut player, start, 450..501), [(1, 10), (0, 5)]);
}

#[test]
fn after_a_stall_playing_goes_on_without_a_burst() {
    let start = Instant::now();
    let mut player = VideoPlayer::new(start, vec![clip()]);
    assert!(player.poll(start).is_some());
    let late = start + MS * 5000;
    assert!(player.poll(late).unwrap().key);
    assert!(player.poll(late).is_none());
}

fn sound(sizes: &[usize]) -> AudioClip {
    let packet = |&size: &usize| AudioPacket { samples: 960, data: vec![0; size].into() };
    AudioClip { channels: 1, packets: sizes.iter().map(packet).collect() }
}

#[test]
fn audio_is_paced_and_its_pauses_are_told_from_speech() {
    let start = Instant::now();
    let mut player = AudioPlayer::new(start, sound(&[100, 90, 8, 2]));
    let mut played = vec![];
    for ms in 0..101 {
        played.extend(player.poll(start + MS * ms).map(|packet| (ms, packet.time, packet.level)));
    }
    let expected = [
        (0, 0, VOICE),
        (20, 960, VOICE),
        (40, 1920, -60),
        (60, 2880, SILENCE),
        (80, 3840, VOICE),
        (100, 4800, VOICE),
    ];
    assert_eq!(played, expected);
}

#[test]
fn audio_keeps_its_clock_over_a_stall() {
    let start = Instant::now();
    let mut player = AudioPlayer::new(start, sound(&[100; 7]));
    player.poll(start);
    let late = start + MS * 1000;
    assert_eq!(player.poll(late).unwrap().time, 960 * 40);
    assert_eq!(std::iter::from_fn(|| player.poll(late)).count(), 10);
}
