use crate::load::keys::Page;
use base::statement::Leave;
use base::{DeviceKey, GroupId, Millis, Now};
use client::shell::{FrameCommand, FrameEvent, Input, MediaCommand, MediaEvent, Output};
use client::view::{May, Met, Person, PersonRole, Phase, Problem, Slot, View};
use e2ee::Device;
use e2ee::frames::COUNTERS_PER_EPOCH;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use wire::{ClientMessage, ErrorCode, Kind, Member, Removal, ServerMessage, SlotSource};

/// As members do, though they switch at once where someone was removed: counters leased at once,
/// and how long others get to learn a new epoch.
const LEASE: u64 = 4096;
const SWITCH_AFTER: Duration = Duration::from_millis(500);

/// Receiving lines kept.
const MAX_SLOTS: usize = 64;

type Out = VecDeque<Output>;

/// What a follower knows once it was let in.
pub struct Inside {
    group: GroupId,
    epoch: u64,
    view: View,
    page: Page,
    sending: Option<u64>,
    switch_at: Option<Millis>,
    counters: BTreeMap<(u64, Kind), u64>,
}

impl Inside {
    pub fn new(group: GroupId, epoch: u64) -> Inside {
        let may = May {
            unmute: true,
            video: true,
            share: true,
            chat: true,
            rename: true,
            control: false,
        };
        let view = View { phase: Phase::Entering, may, ..View::default() };
        Inside {
            group,
            epoch,
            view,
            page: Page::default(),
            sending: None,
            switch_at: None,
            counters: BTreeMap::new(),
        }
    }

    pub fn handle(&mut self, now: Now, input: Input, out: &mut Out) {
        match input {
            Input::SocketClosed => self.end(Phase::Failed, Some(Problem::Internal), out),
            Input::Tick => self.tick(now, out),
            Input::Media(event) => self.handle_media(event, out),
            Input::Frames(event) => self.handle_frames(event, out),
            _ => {}
        }
    }

    pub fn hear(&mut self, message: ServerMessage, out: &mut Out) {
        match message {
            ServerMessage::Answer { sdp } => out.push_back(media(MediaCommand::Answer { sdp })),
            ServerMessage::LayersWanted { mid, rids } => {
                out.push_back(media(MediaCommand::Layers { mid, rids }));
            }
            ServerMessage::Slots { slots } => self.show_slots(slots, out),
            ServerMessage::OutOfGroup { why: Removal::Left } => self.end(Phase::Left, None, out),
            ServerMessage::OutOfGroup { .. } => self.end(Phase::Removed, None, out),
            ServerMessage::Ended { .. } => self.end(Phase::Ended, None, out),
            ServerMessage::Error { code: ErrorCode::BadOffer } => {
                out.push_back(media(MediaCommand::Connect));
            }
            _ => {}
        }
    }

    pub fn leave(&mut self, device: &Device, out: &mut Out) {
        let epoch = self.page.epochs.back().map_or(self.epoch, |(epoch, _)| *epoch);
        let leave = Leave { group: self.group, device: device.key(), epoch };
        let leave = Some(device.signer().sign(&leave).into());
        out.push_back(send(ClientMessage::Leave { leave }));
        self.end(Phase::Left, None, out);
    }

    pub fn take_keys(&mut self, now: Now, page: Page, own: DeviceKey, out: &mut Out) {
        let known = self.page.epochs.back().map_or(0, |(epoch, _)| *epoch);
        for (epoch, key) in page.epochs.iter().filter(|(epoch, _)| *epoch > known) {
            let base_key = key.expose().to_vec().into();
            out.push_back(frames(FrameCommand::AddEpoch { epoch: *epoch, base_key }));
        }
        out.extend(page.rights.clone().map(Output::Frames));
        self.page = page;
        let newest = self.page.epochs.back().map(|(epoch, _)| *epoch);
        let (Some(newest), Some(leaf)) = (newest, self.page.leaves.get(&own).copied()) else {
            return;
        };
        match self.sending {
            None => self.go_in(newest, leaf, out),
            // Others keep two epochs: the one being sent with must be among them.
            Some(sending) if self.page.epochs.iter().all(|(epoch, _)| *epoch != sending) => {
                self.send_with(newest, leaf, out);
            }
            Some(sending) if sending < newest && self.switch_at.is_none() => {
                let at = now.mono + SWITCH_AFTER;
                self.switch_at = Some(at);
                out.push_back(Output::WakeAt { mono: at.0 });
            }
            Some(_) => {}
        }
        self.view.my_device = own.0.to_vec().into();
    }

    fn go_in(&mut self, epoch: u64, leaf: u32, out: &mut Out) {
        self.send_with(epoch, leaf, out);
        out.push_back(send(ClientMessage::KeysReady { epoch }));
        self.view.phase = Phase::InMeeting;
        self.show(out);
        out.push_back(media(MediaCommand::Connect));
    }

    fn tick(&mut self, now: Now, out: &mut Out) {
        if self.switch_at.take_if(|at| now.mono >= *at).is_none() {
            return;
        }
        let own = <[u8; 32]>::try_from(self.view.my_device.0.as_slice()).map(DeviceKey);
        let leaf = own.ok().and_then(|own| self.page.leaves.get(&own).copied());
        if let Some(((epoch, _), leaf)) = self.page.epochs.back().zip(leaf) {
            self.send_with(*epoch, leaf, out);
        }
    }

    fn send_with(&mut self, epoch: u64, leaf: u32, out: &mut Out) {
        self.sending = Some(epoch);
        self.counters.retain(|(known, _), _| *known + 1 >= epoch);
        out.push_back(frames(FrameCommand::SendWith { epoch, leaf }));
    }

    fn handle_media(&mut self, event: MediaEvent, out: &mut Out) {
        match event {
            MediaEvent::Offer { sdp, new } => {
                out.push_back(send(ClientMessage::Offer { sdp, new }))
            }
            MediaEvent::Publish { sources } => {
                out.push_back(send(ClientMessage::Publish { sources }));
            }
            MediaEvent::Layout { slots } => out.push_back(send(ClientMessage::Layout { slots })),
            MediaEvent::Failed => out.push_back(media(MediaCommand::Connect)),
            MediaEvent::Connected => {}
        }
    }

    fn handle_frames(&mut self, event: FrameEvent, out: &mut Out) {
        match event {
            FrameEvent::NeedLease { kind } => self.lease(kind, out),
            FrameEvent::SlotVerified { mid, leaf, .. } => {
                let mut leaves = self.page.leaves.iter();
                let device = leaves.find(|(_, known)| **known == leaf);
                let device = device.map(|(device, _)| device.0.to_vec().into());
                self.change_slot(&mid, |slot| slot.device = device);
                self.show(out);
            }
            FrameEvent::SlotUnverified { mid } => {
                self.change_slot(&mid, |slot| slot.device = None);
                self.show(out);
            }
            FrameEvent::Restarted => {}
        }
    }

    fn lease(&mut self, kind: Kind, out: &mut Out) {
        let Some(epoch) = self.sending else { return };
        let next = self.counters.entry((epoch, kind)).or_default();
        let start = *next;
        if start + LEASE <= COUNTERS_PER_EPOCH {
            *next += LEASE;
            out.push_back(frames(FrameCommand::Lease { kind, epoch, start, count: LEASE }));
        }
    }

    fn change_slot(&mut self, mid: &str, change: impl FnOnce(&mut Slot)) {
        if let Some(slot) = self.view.slots.iter_mut().find(|slot| slot.mid == mid) {
            change(slot);
        }
    }

    fn show_slots(&mut self, sources: Vec<SlotSource>, out: &mut Out) {
        for SlotSource { mid, participant, kind } in sources {
            let known = self.view.slots.iter().any(|slot| slot.mid == mid);
            if !known && self.view.slots.len() < MAX_SLOTS {
                let (claimed, device, unverified) = (None, None, false);
                let mid = mid.clone();
                self.view.slots.push(Slot { mid, kind, claimed, device, unverified });
            }
            self.change_slot(&mid, |slot| (slot.kind, slot.claimed) = (kind, participant));
        }
        self.show(out);
    }

    /// Only those with a camera: more a follower's layout does not ask about.
    pub fn show_members(
        &mut self,
        members: &BTreeMap<u32, Member>,
        own: Option<DeviceKey>,
        out: &mut Out,
    ) {
        let cameras = members.values().filter(|member| member.camera);
        let people: Vec<Person> = cameras.map(|member| person(member, own)).collect();
        if people != self.view.people || self.view.phase == Phase::Entering {
            self.view.people = people;
            self.show(out);
        }
    }

    fn show(&self, out: &mut Out) {
        out.push_back(Output::View { view: Box::new(self.view.clone()) });
    }

    fn end(&mut self, phase: Phase, problem: Option<Problem>, out: &mut Out) {
        (self.view.phase, self.view.problem) = (phase, problem);
        self.show(out);
        out.push_back(Output::Disconnect);
    }
}

fn person(member: &Member, own: Option<DeviceKey>) -> Person {
    Person {
        device: member.device.0.to_vec().into(),
        participant: Some(member.participant),
        name: String::new(),
        role: PersonRole::Participant,
        met: Met::Never,
        me: own == Some(member.device),
        connected: member.connected,
        mic_on: member.mic,
        camera_on: member.camera,
        screen_on: member.screen,
        hand: None,
        may: May::default(),
    }
}

fn send(message: ClientMessage) -> Output {
    Output::Send { text: message.to_text() }
}

fn media(command: MediaCommand) -> Output {
    Output::Media(command)
}

fn frames(command: FrameCommand) -> Output {
    Output::Frames(command)
}
