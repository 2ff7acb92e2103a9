use super::{AUDIO_PATIENCE, Frame, KEYFRAME_PAUSE, ReceiveOutput, SILENT, VIDEO_PATIENCE};
use crate::clip::is_vp8_key;
use crate::load::Intervals;
use crate::peer::{HeaderFault, Packet};
use crate::rtp::{Assembled, FrameAssembler, Released, Reorder};
use e2ee::frames::{KeyId, Kind, OpenError, Opener};
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;
use str0m::media::Mid;

type Out = VecDeque<ReceiveOutput>;

/// Where the server goes on with another layer, a frame of the same picture may follow that was
/// sealed before the one passed on last: one for each layer but one, and as many of the next.
const LAYERS_APART: u64 = 4;

/// Packets of one or all slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub packets: u64,
    /// Sequence numbers given up.
    pub lost: u64,
    /// Packets whose sequence number had come before, or had been given up.
    pub repeated: u64,
    /// Frames of which only a part arrived.
    pub broken: u64,
    pub headers: BTreeMap<HeaderFault, u64>,
    /// Frames of which all but the tag was checked.
    pub unopened: u64,
    /// Frames that came after one that the same key had sealed later.
    pub counters_back: u64,
    /// How evenly the sound of one sender arrived.
    pub intervals: Intervals,
}

impl Counts {
    pub fn add(&mut self, other: &Counts) {
        self.packets += other.packets;
        self.lost += other.lost;
        self.repeated += other.repeated;
        self.broken += other.broken;
        self.unopened += other.unopened;
        self.counters_back += other.counters_back;
        self.intervals.add(&other.intervals);
        for (fault, count) in &other.headers {
            *self.headers.entry(*fault).or_default() += count;
        }
    }
}

/// One receiving line. Its source changes without notice; every frame says for itself whose it is.
pub struct Slot {
    mid: Mid,
    kind: Kind,
    reorder: Reorder<Packet>,
    assembler: FrameAssembler,
    counts: Counts,
    /// One frame in so many is opened; of the others everything but the tag is checked.
    open_one_in: u64,
    frames: u64,
    last_counter: Option<(KeyId, u64)>,
    source: Option<(u64, u32)>,
    last_verified: Option<Instant>,
    first_rejected: Option<Instant>,
    /// The picture is whole so far; set by a keyframe, lost with any frame.
    intact: bool,
    last_request: Option<Instant>,
}

impl Slot {
    pub fn new(mid: Mid, kind: Kind, open_one_in: u64) -> Self {
        let patience = if kind.is_video() { VIDEO_PATIENCE } else { AUDIO_PATIENCE };
        Slot {
            mid,
            kind,
            reorder: Reorder::new(patience),
            assembler: FrameAssembler::default(),
            counts: Counts::default(),
            open_one_in: open_one_in.max(1),
            frames: 0,
            last_counter: None,
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
        Counts { broken: self.assembler.broken, ..self.counts.clone() }
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
        self.counts.packets += 1;
        if let Err(fault) = packet.header {
            *self.counts.headers.entry(fault).or_default() += 1;
        }
        self.counts.repeated += u64::from(!self.reorder.push(now, packet.seq, packet));
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
        self.counts.lost += count;
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
        self.frames += 1;
        self.follow_counter(opener, &sealed.data);
        if !self.frames.is_multiple_of(self.open_one_in) && self.source.is_some() {
            return self.pass_unopened(now, &sealed.data, opener, out);
        }
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

    /// Counters of one key only rise, since the server leaves packets in order; layers share them.
    fn follow_counter(&mut self, opener: &Opener, sealed: &[u8]) {
        let Ok(located) = opener.locate(self.kind, sealed) else { return };
        let (kid, counter) = (located.kid, located.counter);
        let before = self.last_counter.replace((kid, counter));
        let apart = if self.kind.is_video() { LAYERS_APART } else { 0 };
        let back = before.is_some_and(|(last, highest)| last == kid && counter + apart <= highest);
        self.counts.counters_back += u64::from(back);
    }

    fn pass_unopened(&mut self, now: Instant, sealed: &[u8], opener: &Opener, out: &mut Out) {
        match opener.locate(self.kind, sealed) {
            Ok(located) => {
                self.counts.unopened += 1;
                self.accept(now, (located.epoch, located.kid.leaf()), out);
                self.follow_picture(now, is_vp8_key(sealed), out);
            }
            Err(why) => self.reject(now, why, out),
        }
    }

    fn accept(&mut self, now: Instant, source: (u64, u32), out: &mut Out) {
        let same_sender = self.source.is_some_and(|(_, leaf)| leaf == source.1);
        let before = self.last_verified.replace(now).filter(|_| same_sender);
        if let Some(before) = before.filter(|_| !self.kind.is_video()) {
            self.counts.intervals.count(now.saturating_duration_since(before));
        }
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
