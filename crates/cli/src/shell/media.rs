//! The part of a browser's page: the peer connection, what is sent over it, and the layout.

use super::frames::kind_of;
use super::{Shell, ShellError, entropy};
use crate::peer::{Peer, PeerError, PeerOutput, RIDS, Sending};
use client::shell::{Input, MediaCommand, MediaEvent};
use e2ee::frames::Kind;
use std::net::SocketAddr;
use std::time::Instant;
use str0m::media::Mid;
use wire::Published;

impl Shell {
    pub(super) fn carry_out_media(&mut self, command: MediaCommand) {
        match command {
            MediaCommand::Connect => {
                let connected = self.connect_peer();
                self.note(connected.map_err(ShellError::from));
            }
            MediaCommand::Answer { sdp } => self.handle_answer(&sdp),
            MediaCommand::Layers { mid, rids } => self.select_layers(&mid, &rids),
            MediaCommand::Close => self.close_peer(),
        }
    }

    fn connect_peer(&mut self) -> Result<(), PeerError> {
        self.close_peer();
        let port = self.udp.local_addr().map_err(|e| PeerError::Address(e.to_string()))?.port();
        let local = SocketAddr::new(self.local, port);
        let layers = self.report.sent.video_frames.len();
        let sending = Sending { mic: self.audio.is_some(), layers };
        let seed = u32::from_be_bytes(base::random(&mut entropy));
        let (peer, sdp) = Peer::new(Instant::now(), local, sending, seed)?;
        let sources = sources(&peer);
        self.peer = Some(peer);
        self.report.media_connections += 1;
        self.tell(Input::Media(MediaEvent::Offer { sdp, new: true }));
        self.tell(Input::Media(MediaEvent::Publish { sources }));
        Ok(())
    }

    fn close_peer(&mut self) {
        self.count_packets();
        self.peer = None;
        self.sending = false;
        self.receiver.clear();
        self.layout.clear();
    }

    /// Of a connection that ends.
    pub(super) fn count_packets(&mut self) {
        self.report.add_counts(&self.receiver.counts());
        self.report.sent.packets += self.peer.as_ref().map_or(0, Peer::sent);
    }

    fn handle_answer(&mut self, sdp: &str) {
        let Some(peer) = &mut self.peer else { return };
        if peer.handle_answer(sdp).is_err() {
            self.tell(Input::Media(MediaEvent::Failed));
            return;
        }
        for mid in &peer.lines().audio_slots {
            self.receiver.add_slot(*mid, Kind::Mic);
        }
        for mid in &peer.lines().video_slots {
            self.receiver.add_slot(*mid, Kind::Camera);
        }
        self.update_layout();
    }

    /// Layers nobody watches rest.
    fn select_layers(&mut self, mid: &str, rids: &[String]) {
        let Some(peer) = &self.peer else { return };
        let camera = peer.lines().camera.map(|mid| mid.to_string());
        let simulcast = self.report.sent.video_frames.len() > 1;
        if let Some(video) =
            self.video.as_mut().filter(|_| simulcast && camera.as_deref() == Some(mid))
        {
            video.select(Instant::now(), |layer| rids.iter().any(|rid| rid == RIDS[layer]));
        }
    }

    pub(super) fn update_layout(&mut self) {
        let needed = self.layout.slots_needed(&self.view);
        let Some(peer) = &mut self.peer else { return };
        if peer.is_negotiating() {
            return;
        }
        if peer.lines().video_slots.len() < needed
            && let Some(sdp) = peer.grow(needed)
        {
            self.tell(Input::Media(MediaEvent::Offer { sdp, new: false }));
            return;
        }
        let slots: Vec<String> = peer.lines().video_slots.iter().map(Mid::to_string).collect();
        self.learn_kinds();
        if let Some(slots) = self.layout.update(&self.view, &slots) {
            self.tell(Input::Media(MediaEvent::Layout { slots }));
        }
    }

    /// Which kind a slot carries is the server's word, but a line for sound stays one.
    fn learn_kinds(&mut self) {
        let Some(peer) = &self.peer else { return };
        let lines = peer.lines();
        for slot in &self.view.slots {
            let (mid, kind) = (Mid::from(slot.mid.as_str()), kind_of(slot.kind));
            let of_this_sort =
                if kind.is_video() { &lines.video_slots } else { &lines.audio_slots };
            if of_this_sort.contains(&mid) {
                self.receiver.add_slot(mid, kind);
            }
        }
    }

    pub(super) fn carry_out_peer(&mut self) -> bool {
        let mut busy = false;
        while let Some(output) = self.peer.as_mut().and_then(Peer::poll) {
            busy = true;
            self.handle_peer(output);
        }
        busy
    }

    fn handle_peer(&mut self, output: PeerOutput) {
        match output {
            PeerOutput::Transmit { to, datagram } => {
                // A datagram the system does not take at once is as good as lost.
                let sent = self.udp.try_send_to(&datagram, to).is_ok();
                self.seat.progress.count_sent(sent);
            }
            PeerOutput::Connected => self.handle_connected(),
            PeerOutput::Failed => self.tell(Input::Media(MediaEvent::Failed)),
            PeerOutput::KeyframeWanted { layer } => {
                self.report.sent.keyframe_requests += 1;
                if let Some(video) = &mut self.video {
                    video.handle_keyframe_request(Instant::now(), layer);
                }
            }
            PeerOutput::Packet(packet) => {
                self.receiver.handle_packet(Instant::now(), packet, &mut self.opener);
            }
        }
    }

    fn handle_connected(&mut self) {
        if let Some(admitted) = self.admitted {
            self.report.media_connected_ms.get_or_insert(admitted.elapsed().as_millis() as u64);
        }
        self.tell(Input::Media(MediaEvent::Connected));
    }

    pub(super) fn ask_for_keyframe(&mut self, mid: Mid) {
        if let Some(peer) = &mut self.peer {
            peer.request_keyframe(mid);
            let _ = peer.handle_timeout(Instant::now());
        }
    }

    /// When something is due to be sent. While nothing can be, players rest.
    pub(super) fn playing_deadline(&self) -> Option<Instant> {
        if !self.can_send() {
            return None;
        }
        let video = self.video.as_ref().and_then(|video| video.deadline());
        let audio = self.audio.as_ref().map(|audio| audio.deadline());
        video.into_iter().chain(audio).min()
    }

    fn can_send(&self) -> bool {
        let connected = self.peer.as_ref().is_some_and(Peer::is_connected);
        connected && self.sealer.sending_epoch().is_some()
    }

    /// Seals and sends what is due.
    pub(super) fn play(&mut self, now: Instant) {
        let can = self.can_send();
        let could = std::mem::replace(&mut self.sending, can);
        if !self.sending {
            return;
        }
        if let Some(video) = self.video.as_mut().filter(|_| !could) {
            video.restart();
        }
        while let Some(packet) = self.audio.as_mut().and_then(|audio| audio.poll(now)) {
            let sealed = self.seal_allowed(Kind::Mic, &packet.data);
            if let Some((peer, sealed)) = self.peer.as_mut().zip(sealed) {
                peer.send_audio(now, packet.time, packet.level, sealed);
                self.report.sent.audio_packets += 1;
            }
        }
        while let Some(frame) = self.video.as_mut().and_then(|video| video.poll(now)) {
            let sealed = self.seal_allowed(Kind::Camera, &frame.data);
            if let Some((peer, sealed)) = self.peer.as_mut().zip(sealed) {
                peer.send_video(now, frame.layer, frame.time, &sealed);
                self.report.sent.video_frames[frame.layer] += 1;
            } else if let Some(video) = &mut self.video {
                video.restart();
            }
        }
        if let Some(peer) = &mut self.peer {
            let _ = peer.handle_timeout(now);
        }
    }
}

/// Heeding the rules.
impl Shell {
    fn seal_allowed(&mut self, kind: Kind, frame: &[u8]) -> Option<Vec<u8>> {
        let may = self.view.may;
        let (allowed, wire) = match kind {
            Kind::Mic => (may.unmute, wire::Kind::Mic),
            _ => (may.video, wire::Kind::Camera),
        };
        let heeds = !self.part.ignore_rules;
        if heeds && (!allowed || self.silenced.contains(&wire)) {
            return None;
        }
        self.seal(kind, frame)
    }
}

fn sources(peer: &Peer) -> Vec<Published> {
    let source = |mid: Option<Mid>, kind| {
        mid.map(|mid| Published { mid: mid.to_string(), kind, active: true })
    };
    let lines = peer.lines();
    source(lines.mic, wire::Kind::Mic)
        .into_iter()
        .chain(source(lines.camera, wire::Kind::Camera))
        .collect()
}
