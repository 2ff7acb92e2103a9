//! From the participant's state to what is shown of it.

use crate::invitations::Introduction;
use crate::participant::Participant;
use crate::view::{Banned, Connection, Person, PersonRole, Phase, View, Waiting};
use base::{DeviceKey, Role};
use wire::Bytes;

impl Participant {
    pub(crate) fn view(&self) -> View {
        View {
            phase: self.phase,
            problem: self.problem,
            connection: self.connection_view(),
            host: self.is_host(),
            my_name: self.saved.name.clone(),
            my_device: bytes(&self.device.key()),
            title: self.saved.title.clone(),
            host_name: self.saved.host_name.clone(),
            host_present: self.host_present || self.desk.is_some(),
            host_knows: self.host_knows(),
            told: self.lobby.told.clone(),
            invite_path: self.shown_link().map(|link| link.path()).unwrap_or_default(),
            passcode: self.passcode_view(),
            passcode_shown: self.passcode_shown(),
            passcode_closed: self.passcode_closed(),
            waiting: self.waiting_view(),
            people: self.people.order().iter().map(|device| self.person(device)).collect(),
            slots: self.media.view(),
            safety: self.room.as_ref().map(|_| self.safety).unwrap_or_default(),
            code: self.code(),
            chat: self.chat.lines(),
            speakers: self.speaking(),
            may: self.may(),
            rules: self.rules_view(),
            policy: self.policy.view(),
            banned: self.banned(),
            invitations: self.invitations_view(),
        }
    }

    fn connection_view(&self) -> Connection {
        let away = matches!(self.phase, Phase::Waiting | Phase::InMeeting) || self.saved.inside;
        match self.connection.online() {
            true if self.returning.is_some() => Connection::Returning,
            true => Connection::Online,
            false if away && !self.connection.stopped() => Connection::Returning,
            false => Connection::Connecting,
        }
    }

    fn waiting_view(&self) -> Vec<Waiting> {
        let Some(desk) = &self.desk else { return Vec::new() };
        let waiting = desk.waiting.iter().map(|knocker| {
            let Introduction { invited_as, new_device } = self.introduce(&knocker.verified);
            Waiting {
                knock: knocker.knock,
                name: knocker.name.clone(),
                device: bytes(&knocker.verified.device()),
                met: self.saved.acquaintances.met(&knocker.device(), &knocker.name),
                held: self.must_wait(knocker),
                invited_as,
                new_device,
            }
        });
        waiting.collect()
    }

    fn person(&self, device: &DeviceKey) -> Person {
        let seen = self.people.seen(device);
        let me = *device == self.device.key();
        let on = if me { self.media.on } else { self.people.on(device) };
        let role = self.room.as_ref().and_then(|room| room.session.role_of(device));
        let may = self.may_of(device);
        let name = self.name_of(device);
        let met = self.saved.acquaintances.met(device, &name);
        Person {
            device: bytes(device),
            participant: if me { self.number } else { seen.map(|member| member.participant) },
            name,
            role: self.shown_role(device, role.unwrap_or(Role::Participant)),
            met,
            me,
            connected: me || seen.is_none_or(|member| member.connected),
            mic_on: on.mic && may.unmute,
            camera_on: on.camera && may.video,
            screen_on: on.screen && may.share,
            hand: self.people.hand(device).map(|place| place as u32),
            may,
        }
    }

    /// Who is of an audience and not on stage counts as a viewer.
    fn shown_role(&self, device: &DeviceKey, role: Role) -> PersonRole {
        let rules = self.room.as_ref().map(|room| room.session.rules());
        let watches = rules.is_some_and(|rules| rules.viewers && rules.exception(device).is_none());
        role_view(if watches && role == Role::Participant { Role::Viewer } else { role })
    }

    /// Names outlive removals here only for as long as the list is kept.
    fn banned(&self) -> Vec<Banned> {
        let Some(room) = self.room.as_ref().filter(|room| room.is_delegate()) else {
            return Vec::new();
        };
        let removed = room.session.policy().removed.iter();
        let banned = removed.map(|device| Banned {
            device: bytes(device),
            name: self.former_names.get(device).unwrap_or_default().to_owned(),
        });
        banned.collect()
    }

    fn speaking(&self) -> Vec<Bytes> {
        let heard = self.media.speakers().iter();
        heard.filter_map(|number| self.people.device_of(*number)).map(|d| bytes(&d)).collect()
    }

    fn code(&self) -> Option<String> {
        let current = || self.room.as_ref().map(|room| room.session.meeting_code());
        self.frozen_code.clone().or_else(current)
    }

    pub(crate) fn show_code(&mut self, open: bool) {
        self.frozen_code = None;
        self.frozen_code = self.code().filter(|_| open);
    }
}

fn bytes(device: &DeviceKey) -> Bytes {
    device.0.to_vec().into()
}

fn role_view(role: Role) -> PersonRole {
    match role {
        Role::Viewer => PersonRole::Viewer,
        Role::Participant => PersonRole::Participant,
        Role::Recorder => PersonRole::Recorder,
        Role::Gateway => PersonRole::Gateway,
        Role::Cohost => PersonRole::Cohost,
        Role::Host => PersonRole::Host,
    }
}
