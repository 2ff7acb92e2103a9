use super::{AUDIO_PATIENCE, Frame, KEYFRAME_PAUSE, ReceiveOutput, SILENT, VIDEO_PATIENCE};
use crate::clip::is_vp8_key;
use crate::peer::Packet;
use crate::rtp::{Assembled, FrameAssembler, Released, Reorder};
use e2ee::frames::{Kind, OpenError, Opener};
use std::collections::VecDeque;
use std::time::Instant;
use str0m::media::Mid;

type Out = VecDeque<ReceiveOutput>;

/// Packets of one or all slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub packets: u64,
    /// Sequence numbers given up.
    pub lost: u64,
    /// Frames of which only a part arrived.
    pub broken: u64,
}

impl Counts {
    pub fn plus(self, other: Counts) -> Counts {
        Counts {
            packets: self.packets + other.packets,
            lost: self.lost + other.lost,
            broken: self.broken + other.broken,
        }
    }
}

/// One receiving line. Its source changes without notice; every frame says for itself whose it is.
pub struct Slot {
    mid: Mid,
    kind: Kind,
    reorder: Reorder<Packet>,
    assembler: FrameAssembler,
    packets: u64,
    lost: u64,
    source: Option<(u64, u32)>,
    last_verified: Option<Instant>,
    first_rejected: Option<Instant>,
    /// The picture is whole so far; set by a keyframe, lost with any frame.
    intact: bool,
    last_request: Option<Instant>,
}

impl Slot {
    pub fn new(mid: Mid, kind: Kind) -> Self {
        let patience = if kind.is_video() { VIDEO_PATIENCE } else { AUDIO_PATIENCE };
        Slot {
            mid,
            kind,
            reorder: Reorder::new(patience),
            assembler: FrameAssembler::default(),
            packets: 0,
            lost: 0,
            source: None,
            last_verified: None,
            first_rejected: None,
            intact: false,
            last_request: None,
        }
    }

    pub fn set_kind(&mut self, kind: Kind) {
        self.kind = kind;
    }

    pub fn counts(&self) -> Counts {
        Counts { packets: self.packets, lost: self.lost, broken: self.assembler.broken }
    }

    pub fn deadline(&self) -> Option<Instant> {
        let silent = self.source.and(self.last_verified).map(|at| at + SILENT);
        self.reorder.deadline().into_iter().chain(silent).min()
    }

    pub fn handle_packet(
        &mut self,
        now: Instant,
        packet: Packet,
        opener: &mut Opener,
        out: &mut Out,
    ) {
        self.packets += 1;
        self.reorder.push(now, packet.seq, packet);
        self.release(now, opener, out);
    }

    pub fn handle_timeout(&mut self, now: Instant, opener: &mut Opener, out: &mut Out) {
        self.release(now, opener, out);
        let silent = self.last_verified.is_some_and(|at| now.duration_since(at) >= SILENT);
        if silent && self.source.take().is_some() {
            out.push_back(ReceiveOutput::Unverified { mid: self.mid });
        }
    }

    fn release(&mut self, now: Instant, opener: &mut Opener, out: &mut Out) {
        while let Some(released) = self.reorder.pop(now) {
            match released {
                Released::Lost(count) => self.handle_loss(now, count, out),
                Released::Packet(packet) => self.handle_in_order(now, packet, opener, out),
            }
        }
    }

    fn handle_loss(&mut self, now: Instant, count: u64, out: &mut Out) {
        self.lost += count;
        if self.kind.is_video() {
            self.assembler.handle_loss();
            self.break_picture(now, out);
        }
    }

    fn handle_in_order(&mut self, now: Instant, p: Packet, opener: &mut Opener, out: &mut Out) {
        if self.kind.is_video() {
            let whole = self.assembler.handle_packet(now, p.time, p.marker, &p.payload);
            if let Some(frame) = whole {
                self.open(now, frame, opener, out);
            }
        } else {
            let data = p.payload.to_vec();
            self.open(now, Assembled { data, time: p.time, arrived: now }, opener, out);
        }
    }

    fn open(&mut self, now: Instant, sealed: Assembled, opener: &mut Opener, out: &mut Out) {
        match opener.open(self.kind, &sealed.data) {
            Ok(opened) => {
                self.accept(now, (opened.epoch, opened.leaf), out);
                let key = is_vp8_key(&opened.frame);
                self.follow_picture(now, key, out);
                out.push_back(ReceiveOutput::Frame(Frame {
                    mid: self.mid,
                    kind: self.kind,
                    epoch: opened.epoch,
                    leaf: opened.leaf,
                    time: sealed.time,
                    arrived: sealed.arrived,
                    data: opened.frame,
                    decodable: self.intact || !self.kind.is_video(),
                }));
            }
            Err(why) => self.reject(now, why, out),
        }
    }

    fn accept(&mut self, now: Instant, source: (u64, u32), out: &mut Out) {
        self.last_verified = Some(now);
        self.first_rejected = None;
        if self.source.replace(source) != Some(source) {
            let (epoch, leaf) = source;
            out.push_back(ReceiveOutput::Verified { mid: self.mid, epoch, leaf });
        }
    }

    fn reject(&mut self, now: Instant, why: OpenError, out: &mut Out) {
        out.push_back(ReceiveOutput::Rejected { mid: self.mid, why });
        if why == OpenError::Repeated {
            return;
        }
        if self.kind.is_video() {
            self.break_picture(now, out);
        }
        let since = *self.first_rejected.get_or_insert(now);
        if now.duration_since(since) >= SILENT && self.source.take().is_some() {
            out.push_back(ReceiveOutput::Unverified { mid: self.mid });
        }
    }

    fn follow_picture(&mut self, now: Instant, key: bool, out: &mut Out) {
        if !self.kind.is_video() {
            return;
        }
        if key {
            self.intact = true;
        } else if !self.intact {
            self.break_picture(now, out);
        }
    }

    fn break_picture(&mut self, now: Instant, out: &mut Out) {
        self.intact = false;
        let recently = |at: Instant| now.duration_since(at) < KEYFRAME_PAUSE;
        if !self.last_request.is_some_and(recently) {
            self.last_request = Some(now);
            out.push_back(ReceiveOutput::KeyframeWanted { mid: self.mid });
        }
    }
}
