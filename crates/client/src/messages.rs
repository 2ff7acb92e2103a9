//! What members say to each other inside the group.

use crate::outgoing::{channel_of, state};
use crate::participant::Participant;
use crate::people::On;
use base::{DeviceKey, GroupId, Now, Pii, Rights};
use e2ee::content::{Content, MAX_ROSTER, RosterEntry};
use e2ee::name::sanitise_name;
use e2ee::session::{OpenError, Opened};
use std::collections::BTreeSet;
use std::time::Duration;
use wire::Channel;

/// Without a beat for this long, two of them are missing.
const SILENCE: Duration = Duration::from_secs(10);
/// Messages kept for epochs to come while this device catches up; at the bound the oldest goes.
const MAX_EARLY: usize = 32;

impl Participant {
    pub(crate) fn group_message(
        &mut self,
        now: Now,
        group: GroupId,
        channel: Channel,
        message: &[u8],
    ) {
        if self.came_back(message) {
            return;
        }
        let Some(room) = self.room.as_mut().filter(|r| r.session.group_id() == group) else {
            return;
        };
        match room.session.open(message) {
            // Whoever passes chat off as something else gets round the server, not round us.
            Ok(opened) if channel_of(&opened.content) == channel => self.heard(now, opened),
            Ok(_) => {}
            Err(OpenError::OtherEpoch(epoch)) if epoch > room.session.epoch() => {
                if room.early.len() == MAX_EARLY {
                    room.early.pop_front();
                }
                room.early.push_back((channel, message.to_vec()));
            }
            Err(_) => {}
        }
    }

    /// After a merge: what came too early may be readable.
    pub(crate) fn hear_early(&mut self, now: Now) {
        let Some(room) = &mut self.room else { return };
        let group = room.session.group_id();
        for (channel, message) in std::mem::take(&mut room.early) {
            self.group_message(now, group, channel, &message);
        }
    }

    fn heard(&mut self, now: Now, opened: Opened) {
        let Some(room) = &mut self.room else { return };
        let delegate = room.session.role_of(&opened.device).is_some_and(|r| r.is_delegate());
        let host = room.session.policy().host() == Some(opened.device);
        let may = room.session.rights_of(&opened.device);
        match opened.content {
            Content::Heartbeat(beat) if delegate => {
                room.last_beat = now.mono;
                room.liveness.handle_beat(opened.device, &beat, now)
            }
            Content::Roster(entries) if delegate => self.learn_roster(entries),
            Content::Ask { device, ask } if delegate => self.asked(device, ask),
            Content::State { mic, camera, screen, hand } => {
                self.heard_state(now, opened.device, On { mic, camera, screen, hand })
            }
            Content::Chat { text } if may.contains(Rights::CHAT) => {
                self.note_chat(now, opened.device, text.expose())
            }
            Content::Name(name) if may.contains(Rights::RENAME) => {
                self.heard_name(opened.device, name.expose())
            }
            Content::DeskWanted { key } if delegate => self.desk_wanted(now, opened.device, key),
            Content::Desk { device, part, parts, sealed }
                if host && device == self.device.key() =>
            {
                self.desk_handed(now, (part, parts), &sealed)
            }
            Content::DeskKept(digest) if delegate => self.desk_kept(now, opened.device, digest),
            Content::Came { invitation, device } if delegate => self.came(invitation, device),
            // Without the right to it, a word is no word.
            Content::Heartbeat(_) | Content::Roster(_) | Content::Ask { .. } => {}
            Content::Chat { .. } | Content::Name(_) | Content::Came { .. } => {}
            Content::DeskWanted { .. } | Content::Desk { .. } | Content::DeskKept(_) => {}
            Content::Nonce(nonce) => {
                if let Some(beater) = &mut room.beater {
                    beater.handle_nonce(nonce);
                }
            }
        }
    }

    fn heard_state(&mut self, now: Now, device: DeviceKey, on: On) {
        let before = self.people.on(&device);
        self.people.handle_on(device, on);
        self.use_up(now, device, before, on);
    }

    fn heard_name(&mut self, device: DeviceKey, name: &str) {
        if let Some(name) = sanitise_name(name) {
            self.saved.names.set(device, name);
            self.unsaved = true;
        }
    }

    fn learn_roster(&mut self, entries: Vec<RosterEntry>) {
        let own = self.device.key();
        for entry in entries {
            let member = self.people.order().contains(&entry.device);
            let name = sanitise_name(entry.name.expose());
            let Some(name) = name.filter(|_| member) else { continue };
            if entry.device == own && name != self.saved.name {
                self.saved.name = name;
                self.unsaved = true;
            } else if entry.device != own {
                self.saved.names.set(entry.device, name);
                self.unsaved = true;
            }
        }
    }

    /// The name this device has verified for a member; empty if nobody has told it yet.
    pub(crate) fn name_of(&self, device: &DeviceKey) -> String {
        if *device == self.device.key() {
            return self.saved.name.clone();
        }
        self.saved.names.get(device).unwrap_or_default().to_owned()
    }

    pub(crate) fn tell_names(&mut self) {
        let known = self.people.order().iter().filter(|d| !self.name_of(d).is_empty());
        let entries: Vec<_> = known
            .map(|device| RosterEntry { device: *device, name: Pii::new(self.name_of(device)) })
            .collect();
        for part in entries.chunks(MAX_ROSTER) {
            self.say(Content::Roster(part.to_vec()));
        }
    }

    pub(crate) fn tell_on(&mut self) {
        self.people.handle_on(self.device.key(), self.media.on);
        self.say(state(self.media.on));
    }

    pub(crate) fn may_speak(&self) -> bool {
        self.connection.online() && self.room.as_ref().is_some_and(|room| room.is_current())
    }

    pub(crate) fn tick_messages(&mut self, now: Now) {
        if !self.may_speak() {
            return;
        }
        self.tell_again(now);
        self.ask_for_echo(now);
        self.speak(now);
    }

    pub(crate) fn beat(&mut self, now: Now) {
        let Some(room) = self.room.as_mut().filter(|room| room.is_current()) else { return };
        let session = &room.session;
        let state = (session.epoch(), session.authenticator(), session.member_count());
        let Some(beater) = &mut room.beater else { return };
        // A beat for nobody is not sent.
        let beat = beater.poll(state.0, state.1, state.2, now).filter(|_| state.2 > 1);
        if let Some(beat) = beat {
            self.say_once(&Content::Heartbeat(beat));
        }
    }

    fn ask_for_echo(&mut self, now: Now) {
        let Some(room) = &mut self.room else { return };
        if let Some(nonce) = room.liveness.poll_nonce(&mut *self.entropy, now) {
            self.say_once(&Content::Nonce(nonce));
        }
    }

    fn tell_again(&mut self, now: Now) {
        let returned = self.people.take_returned();
        let Some(room) = &mut self.room else { return };
        if room.tell_on_at.take_if(|at| now.mono >= *at).is_some() {
            self.tell_on();
        }
        if !returned.is_empty() {
            self.greet_returned(now, &returned);
        }
    }

    /// Whoever comes back may have missed names and beats; a delegate that comes back has missed
    /// our nonce, which would look like a delay. The server's word for that counts only after
    /// silence: otherwise it could keep us from ever pinning a delegate's clock.
    fn greet_returned(&mut self, now: Now, returned: &BTreeSet<DeviceKey>) {
        let Some(room) = &mut self.room else { return };
        let delegate = |d: &DeviceKey| room.session.role_of(d).is_some_and(|r| r.is_delegate());
        let silent = now.mono.since(room.last_beat) > SILENCE;
        if silent && returned.iter().any(delegate) {
            room.liveness.handle_reconnected(now);
        }
        let host = room.session.policy().host().is_some_and(|host| returned.contains(&host));
        if let Some(beater) = &mut room.beater {
            beater.handle_epoch(now);
            self.tell_names();
        }
        if host {
            self.ask_for_desk(now);
        }
    }
}
