//! A participant whose device is in the group but who leaves the group's messages unread: the
//! frame keys come from another participant of this process. It rings, knocks and is let in as
//! anyone, and its signalling and media are real.

mod inside;

use super::KeyBook;
use crate::shell::entropy;
use base::{DeviceKey, Now};
use client::shell::{Command, Input, Output};
use client::{Config, Participant};
use e2ee::Device;
use inside::Inside;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tokio::sync::watch;
use wire::{Member, ServerMessage};

/// Members kept; a server's word beyond is not.
const MAX_MEMBERS: usize = 4096;

/// A follower; [`Self::start`] comes before everything else.
pub struct Follower {
    book: Arc<KeyBook>,
    version: watch::Receiver<u64>,
    /// Until the Welcome.
    lobby: Option<Participant>,
    device: Option<Device>,
    inside: Option<Inside>,
    members: BTreeMap<u32, Member>,
    out: VecDeque<Output>,
}

impl Follower {
    pub fn of(book: Arc<KeyBook>) -> Follower {
        let version = book.watch();
        Follower {
            book,
            version,
            lobby: None,
            device: None,
            inside: None,
            members: BTreeMap::new(),
            out: VecDeque::new(),
        }
    }

    pub fn start(&mut self, config: Config, now: Now) {
        self.device = Some(Device::from_seed(config.device_seed.clone()));
        self.lobby = Some(Participant::new(config, now, Box::new(entropy)));
    }

    pub fn handle(&mut self, now: Now, input: Input) {
        if let Input::SocketMessage { text } = &input {
            let message = ServerMessage::read(text).ok();
            if message.as_ref().is_some_and(|message| self.learn_members(message)) {
                return;
            }
            match message {
                Some(ServerMessage::Welcome { group, epoch, .. }) if self.inside.is_none() => {
                    return self.enter(now, group, epoch);
                }
                Some(message) if self.inside.is_some() => return self.hear(message),
                _ => {}
            }
        }
        match (&mut self.inside, &mut self.lobby) {
            (Some(inside), _) => match input {
                Input::Command(Command::Leave) => {
                    if let Some(device) = &self.device {
                        inside.leave(device, &mut self.out);
                    }
                }
                input => inside.handle(now, input, &mut self.out),
            },
            (None, Some(lobby)) => lobby.handle(now, input),
            (None, None) => {}
        }
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        let lobby = self.lobby.as_mut().filter(|_| self.inside.is_none());
        self.out.pop_front().or_else(|| lobby?.poll_output())
    }

    pub async fn keys_changed(&mut self) {
        if self.version.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    pub fn take_keys(&mut self, now: Now) {
        let (Some(inside), Some(device)) = (&mut self.inside, &self.device) else { return };
        inside.take_keys(now, self.book.read(), device.key(), &mut self.out);
    }

    fn enter(&mut self, now: Now, group: base::GroupId, epoch: u64) {
        let mut inside = Inside::new(group, epoch);
        inside.show_members(&self.members, self.own_device(), &mut self.out);
        self.inside = Some(inside);
        self.take_keys(now);
    }

    fn hear(&mut self, message: ServerMessage) {
        if let Some(inside) = &mut self.inside {
            inside.hear(message, &mut self.out);
        }
    }

    /// Whether the message was about members.
    fn learn_members(&mut self, message: &ServerMessage) -> bool {
        match message {
            ServerMessage::Members { members } => {
                let members = members.iter().take(MAX_MEMBERS);
                self.members = members.map(|member| (member.participant, *member)).collect();
            }
            ServerMessage::MemberChanged { member } => {
                if self.members.len() < MAX_MEMBERS {
                    self.members.insert(member.participant, *member);
                }
            }
            ServerMessage::MemberGone { participant } => {
                self.members.remove(participant);
            }
            _ => return false,
        }
        let device = self.own_device();
        if let Some(inside) = &mut self.inside {
            inside.show_members(&self.members, device, &mut self.out);
        }
        true
    }

    fn own_device(&self) -> Option<DeviceKey> {
        self.device.as_ref().map(Device::key)
    }
}
