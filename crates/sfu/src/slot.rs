//! One receiving line of a peer: which source and layer flow in it, and when it may switch.

use crate::packet::MediaPacket;
use crate::rewrite::{NotMapped, Numbers, Rewriter, Rewritten};
use crate::{Layer, SourceId};
use std::time::Instant;

/// What becomes of a packet offered to a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Forward(Rewritten),
    /// Forward; it is the first of another source than before.
    Switched(Rewritten),
    /// Not for this slot.
    Ignore,
    /// It would seal a number twice.
    Late,
    /// The slot waits for a keyframe of this layer.
    NeedsKeyframe,
}

/// A video line.
#[derive(Debug)]
// The fields that each sent packet needs come first.
#[repr(C)]
pub struct VideoSlot {
    wish: Option<Wish>,
    target: Option<Layer>,
    /// Set when frames were dropped: nothing flows before the next keyframe.
    resync: bool,
    flowing: Option<Flow>,
    rewriter: Rewriter,
    /// Source last announced to the receiver.
    shown: Option<SourceId>,
}

/// What the receiver asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    pub source: SourceId,
    pub height: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Flow {
    source: SourceId,
    layer: Layer,
    stream: u32,
}

impl Flow {
    fn of(packet: &MediaPacket) -> Flow {
        Flow { source: packet.source, layer: packet.layer, stream: packet.stream }
    }
}

impl Default for VideoSlot {
    fn default() -> VideoSlot {
        VideoSlot {
            rewriter: Rewriter::video(),
            wish: None,
            target: None,
            flowing: None,
            shown: None,
            resync: false,
        }
    }
}

impl VideoSlot {
    /// The numbers of its outgoing stream.
    pub fn rewriter(&self) -> &Rewriter {
        &self.rewriter
    }

    pub fn wish(&self) -> Option<Wish> {
        self.wish
    }

    /// The layer allocated; `None` while paused.
    pub fn target(&self) -> Option<Layer> {
        self.target
    }

    /// The source last announced to the receiver.
    pub fn shown(&self) -> Option<SourceId> {
        self.shown
    }

    /// Replaces the wish. True when another source is wanted.
    pub fn set_wish(&mut self, wish: Option<Wish>) -> bool {
        let changed = self.wish.map(|w| w.source) != wish.map(|w| w.source);
        self.wish = wish;
        if changed {
            self.set_target(None);
        }
        changed
    }

    /// The layer to send. After a pause only a keyframe resumes: frames were missed.
    pub fn set_target(&mut self, target: Option<Layer>) {
        self.resync |= target.is_none();
        self.target = target;
    }

    /// The wished source is no longer there, or no longer wished. True when it was shown.
    pub fn clear(&mut self) -> bool {
        self.flowing = None;
        self.shown.take().is_some()
    }

    /// Frames were dropped: wait for a keyframe.
    pub fn interrupt(&mut self) {
        self.resync = true;
    }

    /// Decides about one packet.
    pub fn offer(&mut self, packet: &MediaPacket, now: Instant) -> Verdict {
        let (Some(wish), Some(target)) = (self.wish, self.target) else {
            return Verdict::Ignore;
        };
        if packet.source != wish.source {
            return Verdict::Ignore;
        }
        let flow = Flow::of(packet);
        let flows = self.flowing == Some(flow) && !self.resync;
        if flows {
            return self.carry_on(packet, now);
        }
        match packet.layer == target {
            false => Verdict::Ignore,
            true if packet.starts_decodable() => self.switch(packet, flow, now),
            true => Verdict::NeedsKeyframe,
        }
    }

    fn carry_on(&mut self, packet: &MediaPacket, now: Instant) -> Verdict {
        match self.rewriter.map(&Numbers::from(packet), now) {
            Ok(out) => Verdict::Forward(out),
            Err(NotMapped::Late) => Verdict::Late,
            Err(NotMapped::Jump) => {
                self.resync = true;
                Verdict::NeedsKeyframe
            }
        }
    }

    fn switch(&mut self, packet: &MediaPacket, flow: Flow, now: Instant) -> Verdict {
        let numbers = Numbers::from(packet);
        self.rewriter.begin(&numbers, now);
        let Ok(out) = self.rewriter.map(&numbers, now) else {
            return Verdict::Late;
        };
        self.flowing = Some(flow);
        self.resync = false;
        match self.shown.replace(flow.source) == Some(flow.source) {
            true => Verdict::Forward(out),
            false => Verdict::Switched(out),
        }
    }
}

/// An audio line: one of the speakers, or the sound of a screen that is wished for.
#[derive(Debug)]
// The fields that each sent packet needs come first.
#[repr(C)]
pub struct AudioSlot {
    shown: Option<SourceId>,
    flowing: Option<(SourceId, u32)>,
    rewriter: Rewriter,
    wish: Option<SourceId>,
}

impl Default for AudioSlot {
    fn default() -> AudioSlot {
        AudioSlot { rewriter: Rewriter::audio(), wish: None, flowing: None, shown: None }
    }
}

impl AudioSlot {
    /// The numbers of its outgoing stream.
    pub fn rewriter(&self) -> &Rewriter {
        &self.rewriter
    }

    /// The screen's sound the receiver asked for here.
    pub fn wish(&self) -> Option<SourceId> {
        self.wish
    }

    /// Replaces the wish. True when it is another one.
    pub fn set_wish(&mut self, wish: Option<SourceId>) -> bool {
        std::mem::replace(&mut self.wish, wish) != wish
    }

    /// The source last announced to the receiver.
    pub fn shown(&self) -> Option<SourceId> {
        self.shown
    }

    /// Names another source, or none. True when that is a change to announce.
    pub fn set_shown(&mut self, source: Option<SourceId>) -> bool {
        if source.is_none() {
            self.flowing = None;
        }
        std::mem::replace(&mut self.shown, source) != source
    }

    /// The numbers for a packet of the source this line carries; `None` when it came too late.
    pub fn map(&mut self, packet: &MediaPacket, now: Instant) -> Option<Rewritten> {
        let flow = (packet.source, packet.stream);
        let numbers = Numbers::from(packet);
        if self.flowing != Some(flow) {
            self.flowing = Some(flow);
            self.rewriter.begin(&numbers, now);
        }
        match self.rewriter.map(&numbers, now) {
            Ok(out) => Some(out),
            Err(NotMapped::Late) => None,
            Err(NotMapped::Jump) => {
                self.rewriter.begin(&numbers, now);
                self.rewriter.map(&numbers, now).ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use crate::vp8::Vp8;
    use base::ParticipantId;

    fn camera(n: u32) -> SourceId {
        SourceId { participant: ParticipantId(n), kind: Kind::Camera }
    }

    fn packet(source: SourceId, layer: Layer, seq: u64, key: bool) -> MediaPacket {
        let payload = [0x90, 0x80, 0x80, seq as u8, u8::from(!key), 0];
        MediaPacket {
            source,
            layer,
            stream: source.participant.0 * 10 + layer as u32,
            seq,
            timestamp: seq as u32 * 3_000,
            marker: true,
            vp8: Vp8::parse(&payload).ok(),
            payload: payload.to_vec().into(),
            padding: 0,
            arrived: Instant::now(),
            level: None,
        }
    }

    fn slot(source: SourceId, layer: Layer) -> VideoSlot {
        let mut slot = VideoSlot::default();
        slot.set_wish(Some(Wish { source, height: 360 }));
        slot.set_target(Some(layer));
        slot
    }

    #[test]
    fn nothing_flows_before_a_keyframe() {
        let now = Instant::now();
        let mut slot = slot(camera(1), Layer::H);
        assert_eq!(slot.offer(&packet(camera(1), Layer::H, 5, false), now), Verdict::NeedsKeyframe);
        let verdict = slot.offer(&packet(camera(1), Layer::H, 6, true), now);
        assert!(matches!(verdict, Verdict::Switched(out) if out.seq == 1));
    }

    #[test]
    fn another_persons_packets_are_ignored() {
        let mut slot = slot(camera(1), Layer::H);
        let verdict = slot.offer(&packet(camera(2), Layer::H, 6, true), Instant::now());
        assert_eq!(verdict, Verdict::Ignore);
    }

    #[test]
    fn the_old_layer_flows_until_the_new_one_has_a_keyframe() {
        let now = Instant::now();
        let mut slot = slot(camera(1), Layer::Q);
        slot.offer(&packet(camera(1), Layer::Q, 1, true), now);
        slot.set_target(Some(Layer::F));
        let verdict = slot.offer(&packet(camera(1), Layer::Q, 2, false), now);
        assert!(matches!(verdict, Verdict::Forward(out) if out.seq == 2));
        assert_eq!(
            slot.offer(&packet(camera(1), Layer::F, 70, false), now),
            Verdict::NeedsKeyframe
        );
        let verdict = slot.offer(&packet(camera(1), Layer::F, 71, true), now);
        assert!(matches!(verdict, Verdict::Forward(out) if out.seq == 3));
        assert_eq!(slot.offer(&packet(camera(1), Layer::Q, 3, false), now), Verdict::Ignore);
    }

    #[test]
    fn a_dropped_frame_is_followed_by_nothing_but_a_keyframe() {
        let now = Instant::now();
        let mut slot = slot(camera(1), Layer::Q);
        slot.offer(&packet(camera(1), Layer::Q, 1, true), now);
        slot.interrupt();
        assert_eq!(slot.offer(&packet(camera(1), Layer::Q, 2, false), now), Verdict::NeedsKeyframe);
        let verdict = slot.offer(&packet(camera(1), Layer::Q, 9, true), now);
        assert!(matches!(verdict, Verdict::Forward(out) if out.seq == 2), "{verdict:?}");
    }

    #[test]
    fn a_publisher_that_starts_over_is_a_switch() {
        let now = Instant::now();
        let mut slot = slot(camera(1), Layer::Q);
        slot.offer(&packet(camera(1), Layer::Q, 900, true), now);
        let mut again = packet(camera(1), Layer::Q, 900, false);
        again.stream = 77;
        assert_eq!(slot.offer(&again, now), Verdict::NeedsKeyframe);
        let mut key = packet(camera(1), Layer::Q, 3, true);
        key.stream = 77;
        assert!(matches!(slot.offer(&key, now), Verdict::Forward(out) if out.seq == 2));
    }

    #[test]
    fn an_audio_line_runs_on_over_a_change_of_speaker() {
        let now = Instant::now();
        let mut slot = AudioSlot::default();
        let mic = |n| SourceId { participant: ParticipantId(n), kind: Kind::Mic };
        let audio = |n, seq| MediaPacket { vp8: None, ..packet(mic(n), Layer::F, seq, true) };
        assert_eq!(slot.map(&audio(1, 50), now).unwrap().seq, 1);
        assert_eq!(slot.map(&audio(1, 51), now).unwrap().seq, 2);
        assert_eq!(slot.map(&audio(2, 9_000), now).unwrap().seq, 3);
        assert_eq!(slot.map(&audio(2, 8_999), now), None, "before the switch");
    }
}
