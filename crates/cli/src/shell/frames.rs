//! The part of a browser's frame worker: sealing, opening, and the keys for both.

use super::Shell;
use crate::receive::{Frame, ReceiveOutput};
use base::Secret;
use client::shell::{FrameCommand, FrameEvent, Input};
use e2ee::frames::{Kind, Lease, MAX_LEAVES, SealError, SendingRights};
use std::time::Instant;

/// Below this many counters the next lease is asked for: four seconds of three layers.
const LEASE_LOW: u64 = 360;

/// Senders remembered by epoch and leaf; at the bound those of the oldest epoch go.
const MAX_OWNERS: usize = 4096;

impl Shell {
    pub(super) fn carry_out_frames(&mut self, command: FrameCommand) {
        self.seat.keys.export(&command, &self.core);
        match command {
            FrameCommand::AddEpoch { epoch, base_key } => self.add_epoch(epoch, &base_key.0),
            FrameCommand::DropEpochs { through } => {
                self.sealer.drop_epochs(through);
                self.opener.drop_epochs(through);
            }
            FrameCommand::DropLeaf { before, leaf } => self.opener.drop_leaf(before, leaf),
            FrameCommand::Rights { others, leaves } => {
                let leaves = leaves.into_iter().take(MAX_LEAVES).collect();
                self.opener.set_rights(SendingRights { others, leaves });
            }
            FrameCommand::SendWith { epoch, leaf } => {
                // An epoch that is unknown pauses sending, which the next frame finds out.
                let _ = self.sealer.send_with(epoch, leaf);
            }
            FrameCommand::Lease { kind, epoch, start, count } => {
                let kind = kind_of(kind);
                self.leases_asked.remove(&(kind as u8));
                // A lease for another epoch came too late; the next frame asks again.
                let _ = self.sealer.add_lease(Lease { kind, epoch, start, count });
            }
            FrameCommand::StopSending => self.sealer.stop(),
            FrameCommand::Clear => {
                self.sealer.clear();
                self.opener.clear();
                self.owners.clear();
            }
        }
    }

    fn add_epoch(&mut self, epoch: u64, base_key: &[u8]) {
        if let Ok(key) = <[u8; 16]>::try_from(base_key) {
            self.sealer.add_epoch(epoch, Secret::new(key));
            self.opener.add_epoch(epoch, Secret::new(key));
        }
    }

    /// Seals a frame; `None` while sending is paused or counters are awaited.
    pub(super) fn seal(&mut self, kind: Kind, frame: &[u8]) -> Option<Vec<u8>> {
        self.ask_for_counters(kind);
        match self.sealer.seal(kind, frame) {
            Ok(sealed) => Some(sealed),
            Err(SealError::Paused | SealError::NoLease | SealError::TooShort) => {
                self.report.sent.withheld += 1;
                None
            }
        }
    }

    fn ask_for_counters(&mut self, kind: Kind) {
        let Some(epoch) = self.sealer.sending_epoch() else { return };
        let low = self.sealer.remaining(kind) < LEASE_LOW;
        if low && self.leases_asked.insert(kind as u8, epoch) != Some(epoch) {
            self.tell(Input::Frames(FrameEvent::NeedLease { kind: wire_kind(kind) }));
            self.carry_out_core();
        }
    }

    pub(super) fn carry_out_receiver(&mut self) -> bool {
        let mut busy = false;
        while let Some(output) = self.receiver.poll_output() {
            busy = true;
            match output {
                ReceiveOutput::Frame(frame) => self.handle_frame(frame),
                ReceiveOutput::Rejected { why, .. } => self.report.count_rejected(why),
                ReceiveOutput::Verified { mid, epoch, leaf } => {
                    let mid = mid.to_string();
                    self.tell(Input::Frames(FrameEvent::SlotVerified { mid, epoch, leaf }));
                    self.carry_out_core();
                }
                ReceiveOutput::Unverified { mid } => {
                    let mid = mid.to_string();
                    self.tell(Input::Frames(FrameEvent::SlotUnverified { mid }));
                    self.carry_out_core();
                }
                ReceiveOutput::KeyframeWanted { mid } => self.ask_for_keyframe(mid),
            }
        }
        busy
    }

    fn handle_frame(&mut self, frame: Frame) {
        if frame.decodable && self.report.first_frame_ms.is_none() {
            self.report.first_frame_ms = Some(self.clock.millis(frame.arrived));
        }
        let Some(device) = self.owner(&frame) else {
            self.report.count_nameless();
            return;
        };
        let name = self.name_of(&device);
        let since = self.admitted.unwrap_or_else(Instant::now);
        self.report.count_frame(&hex(&device), &name, &frame, since);
        if let Some(recorder) = self.recorder.as_mut().filter(|_| frame.decodable) {
            let written = recorder.write(&device, &name, frame.kind, frame.arrived, &frame.data);
            self.note(written.map_err(super::ShellError::Record));
        }
    }

    /// Whose frame this is, by the core's word for the slot it verified in.
    fn owner(&mut self, frame: &Frame) -> Option<Vec<u8>> {
        let sender = (frame.epoch, frame.leaf);
        if let Some(known) = self.owners.get(&sender) {
            return Some(known.clone());
        }
        let mid = frame.mid.to_string();
        let slot = self.view.slots.iter().find(|slot| slot.mid == mid)?;
        let device = slot.device.as_ref()?.0.clone();
        if self.owners.len() >= MAX_OWNERS {
            self.owners.pop_first();
        }
        self.owners.insert(sender, device.clone());
        Some(device)
    }

    fn name_of(&self, device: &[u8]) -> String {
        let person = self.view.people.iter().find(|person| person.device.0 == device);
        person.map(|person| person.name.clone()).unwrap_or_default()
    }
}

pub(super) fn kind_of(kind: wire::Kind) -> Kind {
    match kind {
        wire::Kind::Mic => Kind::Mic,
        wire::Kind::Camera => Kind::Camera,
        wire::Kind::Screen => Kind::Screen,
        wire::Kind::ScreenAudio => Kind::ScreenAudio,
    }
}

fn wire_kind(kind: Kind) -> wire::Kind {
    match kind {
        Kind::Mic => wire::Kind::Mic,
        Kind::Camera => wire::Kind::Camera,
        Kind::Screen => wire::Kind::Screen,
        Kind::ScreenAudio => wire::Kind::ScreenAudio,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
