//! The peer connection's signalling, and which verified key stands behind each receiving slot.

use crate::participant::Participant;
use crate::people::On;
use crate::shell::{FrameEvent, MediaCommand, MediaEvent};
use crate::view::Slot;
use base::DeviceKey;
use std::collections::BTreeMap;
use wire::{ClientMessage, Kind, Published, SlotSource};

/// Receiving lines kept; more than a client can ask for. Further ones are not shown.
const MAX_SLOTS: usize = 64;
/// Speakers shown.
const MAX_SPEAKERS: usize = 8;

#[derive(Default)]
pub(crate) struct Media {
    /// The shell has been told to connect.
    connected: bool,
    slots: BTreeMap<String, Carried>,
    speakers: Vec<u32>,
    pub on: On,
}

#[derive(Clone, Copy)]
struct Carried {
    kind: Kind,
    claimed: Option<u32>,
    verified: Option<DeviceKey>,
    unverified: bool,
}

impl Media {
    pub fn speakers(&self) -> &[u32] {
        &self.speakers
    }

    pub fn handle_slots(&mut self, sources: Vec<SlotSource>) {
        for SlotSource { mid, participant, kind } in sources {
            if self.slots.len() >= MAX_SLOTS && !self.slots.contains_key(&mid) {
                continue;
            }
            let slot = self.slots.entry(mid).or_insert(Carried::new(kind));
            slot.kind = kind;
            slot.claimed = participant;
        }
    }

    pub fn handle_speakers(&mut self, participants: Vec<u32>) {
        self.speakers = participants;
        self.speakers.truncate(MAX_SPEAKERS);
    }

    pub fn handle_offline(&mut self) {
        self.speakers.clear();
    }

    /// Forgets the peer connection; true if there was one.
    pub fn close(&mut self) -> bool {
        self.slots.clear();
        self.speakers.clear();
        std::mem::take(&mut self.connected)
    }

    /// Nobody is named by this key any more.
    pub fn forget(&mut self, device: &DeviceKey) {
        for slot in self.slots.values_mut() {
            slot.verified = slot.verified.filter(|verified| verified != device);
        }
    }

    fn verify(&mut self, mid: String, device: Option<DeviceKey>) {
        if self.slots.len() >= MAX_SLOTS && !self.slots.contains_key(&mid) {
            return;
        }
        let slot = self.slots.entry(mid).or_insert(Carried::new(Kind::Camera));
        slot.verified = device;
        slot.unverified = device.is_none();
    }

    pub fn view(&self) -> Vec<Slot> {
        self.slots.iter().map(|(mid, slot)| slot.view(mid)).collect()
    }
}

impl Carried {
    fn new(kind: Kind) -> Self {
        Carried { kind, claimed: None, verified: None, unverified: false }
    }

    /// An idle slot shows nobody; apart from that only the key decides.
    fn view(&self, mid: &str) -> Slot {
        let device = self.verified.filter(|_| self.claimed.is_some());
        Slot {
            mid: mid.to_owned(),
            kind: self.kind,
            claimed: self.claimed,
            device: device.map(|device| device.0.to_vec().into()),
            unverified: self.unverified,
        }
    }
}

impl Participant {
    /// A fresh peer connection, on entering and on every return.
    pub(crate) fn connect_media(&mut self) {
        self.media.close();
        self.media.connected = true;
        self.out.media(MediaCommand::Connect);
    }

    pub(crate) fn reconnect_media(&mut self) {
        if self.media.connected && self.connection.online() {
            self.connect_media();
        }
    }

    pub(crate) fn media_event(&mut self, event: MediaEvent) {
        if self.room.is_none() {
            return;
        }
        match event {
            MediaEvent::Offer { sdp, new } => self.send(ClientMessage::Offer { sdp, new }),
            MediaEvent::Publish { sources } => {
                for source in &sources {
                    self.media.on.set(source.kind, source.active);
                }
                self.media.on.screen &= sources.iter().any(|source| source.kind == Kind::Screen);
                self.lease_for(&sources);
                self.send(ClientMessage::Publish { sources });
                self.tell_on();
            }
            MediaEvent::Layout { slots } => self.send(ClientMessage::Layout { slots }),
            MediaEvent::Connected => {}
            MediaEvent::Failed => self.reconnect_media(),
        }
    }

    fn lease_for(&mut self, sources: &[Published]) {
        let Some(room) = &mut self.room else { return };
        for source in sources {
            room.keys.use_kind(source.kind, source.active, &mut self.out);
        }
    }

    pub(crate) fn media_answered(&mut self, sdp: String) {
        if self.media.connected {
            self.out.media(MediaCommand::Answer { sdp });
        }
    }

    pub(crate) fn layers_wanted(&mut self, mid: String, rids: Vec<String>) {
        if self.media.connected {
            self.out.media(MediaCommand::Layers { mid, rids });
        }
    }

    /// **Raise hand** and **Lower hand**.
    pub(crate) fn raise_hand(&mut self, on: bool) {
        if self.room.is_some() && self.media.on.hand != on {
            self.media.on.hand = on;
            self.tell_on();
        }
    }

    pub(crate) fn set_muted(&mut self, kind: Kind, muted: bool) {
        self.media.on.set(kind, !muted);
        self.tell_on();
    }

    pub(crate) fn frame_event(&mut self, event: FrameEvent) {
        let Some(room) = &mut self.room else { return };
        match event {
            FrameEvent::NeedLease { kind } => room.keys.lease(kind, &mut self.out),
            FrameEvent::Restarted => {
                room.keys.restart(&mut self.out);
                room.told_rights = None;
                self.tell_frame_rights();
            }
            FrameEvent::SlotVerified { mid, epoch, leaf } => {
                let device = room.session.member_at(epoch, leaf);
                let present = device.filter(|d| room.session.role_of(d).is_some());
                self.media.verify(mid, present);
            }
            FrameEvent::SlotUnverified { mid } => self.media.verify(mid, None),
        }
    }
}

impl On {
    fn set(&mut self, kind: Kind, on: bool) {
        match kind {
            Kind::Mic => self.mic = on,
            Kind::Camera => self.camera = on,
            Kind::Screen => self.screen = on,
            Kind::ScreenAudio => {}
        }
    }
}
