//! What reaches the media edge: datagrams from anyone, offers from participants.

use base::ParticipantId;
use sfu::transport::{MediaTransport, Str0mConfig, Str0mTransport};
use sfu::vp8::Vp8;
use sfu::{Command, PeerId, RoomId, Shard, stun};
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// What a browser offers: one microphone, one camera in three layers, three voices, two slots.
const OFFER: &str = include_str!("../../../../fuzz/corpus/offer/chromium");
const PEER: PeerId = PeerId { room: RoomId([7; 16]), participant: ParticipantId(1) };

static CONFIG: LazyLock<Str0mConfig> =
    LazyLock::new(|| Str0mConfig::new().expect("the crypto library makes a certificate"));

/// Lines and bytes of an offer are bounded, and its answer names no line that was not offered.
pub fn offer(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut transport = transport();
    if let Ok(answer) = transport.accept_offer(Instant::now(), text) {
        let offered = text.lines().filter(|line| line.starts_with("m=")).count();
        assert!(transport.lines().len() <= offered);
        assert!(answer.lines().filter(|line| line.starts_with("m=")).count() <= offered);
    }
    // A second offer must continue the first, or be refused.
    let _ = transport.accept_offer(Instant::now(), OFFER);
}

/// Bytes of somebody who does not know the connection's password: each is parsed as a VP8
/// descriptor and as STUN, and sent to a shard. A shard answers none of it and tells nobody.
pub fn datagram(data: &[u8]) {
    vp8(data);
    if let Some(ufrag) = stun::unverified_ufrag(data) {
        assert!(stun::is_stun(data) && ufrag.len() < data.len());
    }
    let now = Instant::now();
    let mut shard = shard(now);
    for (port, bytes) in (5_000..).zip(data.chunks(400).chain([data])) {
        shard.handle_datagram(now, ([192, 0, 2, 9], port).into(), candidate(), bytes);
        shard.flush(now, |_| {});
    }
    shard.handle_timeout(now + Duration::from_millis(50));
    shard.flush(now + Duration::from_millis(50), |_| {});
    assert!(shard.egress().departures().is_empty(), "an answer to a stranger");
    while shard.poll_output().is_some() {}
}

fn vp8(payload: &[u8]) {
    let Ok(vp8) = Vp8::parse(payload) else { return };
    assert!(!vp8.starts_keyframe || vp8.starts_frame);
    assert!(vp8.picture_id.is_none_or(|id| id < 1 << 15));
    assert!(vp8.temporal_layer.is_none_or(|layer| layer < 4));
    let _ = vp8.patch(vp8.picture_id, vp8.tl0_picture);
}

fn shard(now: Instant) -> Shard<Str0mTransport> {
    let mut shard = Shard::new(0, now);
    let mut transport = transport();
    transport.accept_offer(now, OFFER).expect("a browser's offer is accepted");
    let transport = Box::new(transport);
    shard.handle_command(now, Command::Adopt { peer: PEER, generation: 1, transport });
    shard.flush(now, |_| {});
    while shard.poll_output().is_some() {}
    shard
}

fn transport() -> Str0mTransport {
    Str0mTransport::new(Instant::now(), &CONFIG, &[candidate()]).expect("a valid candidate")
}

fn candidate() -> SocketAddr {
    ([192, 0, 2, 1], 3_000).into()
}
