//! The lines of an offer, in the order every client of this protocol uses: microphone, camera,
//! audio slots, video slots.

use super::Sending;
use str0m::Rtc;
use str0m::change::{SdpApi, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid, Simulcast, SimulcastLayer};

/// The three loudest are heard.
pub const AUDIO_SLOTS: usize = 3;

/// Video slots of a first offer; more come by re-offer.
pub const FIRST_VIDEO_SLOTS: usize = 4;

/// Simulcast layers, smallest first: a quarter, half, full.
pub const RIDS: [&str; 3] = ["q", "h", "f"];

/// Which line is which.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    pub mic: Option<Mid>,
    pub camera: Option<Mid>,
    pub audio_slots: Vec<Mid>,
    pub video_slots: Vec<Mid>,
}

/// The first offer.
pub fn offer(rtc: &mut Rtc, sending: Sending) -> (Lines, String, SdpPendingOffer) {
    let mut api = rtc.sdp_api();
    let mic = sending.mic.then(|| send(&mut api, MediaKind::Audio, None));
    let simulcast = (sending.layers > 1).then(|| simulcast(sending.layers));
    let camera = (sending.layers > 0).then(|| send(&mut api, MediaKind::Video, simulcast));
    let audio_slots = (0..AUDIO_SLOTS).map(|_| receive(&mut api, MediaKind::Audio)).collect();
    let video_slots = (0..FIRST_VIDEO_SLOTS).map(|_| receive(&mut api, MediaKind::Video)).collect();
    let (offer, pending) = api.apply().expect("invariant: new lines need an offer");
    (Lines { mic, camera, audio_slots, video_slots }, offer.to_sdp_string(), pending)
}

/// An offer with the same lines and more video slots.
pub fn grow(rtc: &mut Rtc, lines: &mut Lines, slots: usize) -> Option<(String, SdpPendingOffer)> {
    let mut api = rtc.sdp_api();
    while lines.video_slots.len() < slots {
        lines.video_slots.push(receive(&mut api, MediaKind::Video));
    }
    let (offer, pending) = api.apply()?;
    Some((offer.to_sdp_string(), pending))
}

fn send(api: &mut SdpApi<'_>, kind: MediaKind, simulcast: Option<Simulcast>) -> Mid {
    api.add_media(kind, Direction::SendOnly, None, None, simulcast)
}

fn receive(api: &mut SdpApi<'_>, kind: MediaKind) -> Mid {
    api.add_media(kind, Direction::RecvOnly, None, None, None)
}

fn simulcast(layers: usize) -> Simulcast {
    let send = RIDS.iter().take(layers).map(|rid| SimulcastLayer::new(rid)).collect();
    Simulcast { send, recv: Vec::new() }
}
