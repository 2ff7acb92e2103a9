//! The room's rules as the host's side sets them and as they bind this device: who may send, who
//! was asked to mute, what frames of whom count.

use crate::door::auto_admit_view;
use crate::participant::Participant;
use crate::people::On;
use crate::room::Room;
use crate::shell::{Ask as Wish, FrameCommand, Notice, Rule};
use crate::view::{May, Rules};
use base::rules::MAX_EXCEPTIONS;
use base::{AutoAdmit, DeviceKey, Now, Party, Pii, Rights, Role, RoomRules};
use e2ee::content::{Ask, Content, RosterEntry};
use e2ee::name::sanitise_name;
use wire::LobbyReason;

/// From this many people on, whoever enters is muted.
const MUTED_FROM: usize = 11;

/// One wish about the rules, applied to whatever they are when a commit can be made.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Edit {
    Set(Rule, bool),
    Except(DeviceKey, Rights, bool),
    /// A viewer may do what participants may, or only watches again.
    Stage(DeviceKey, bool),
    /// Whether, and on which terms, people are let in without a click.
    AutoAdmit(Option<AutoAdmit>),
    /// The rules of an earlier session.
    Restore(Box<RoomRules>),
}

/// What a switch depends on besides the rules.
struct Scene {
    /// Devices that go on using a right which everyone loses.
    keep: Vec<DeviceKey>,
    /// Those who are here, as one party.
    party: Party,
    /// Of the host's side nobody.
    others: Vec<DeviceKey>,
}

impl Edit {
    fn apply(&self, rules: &mut RoomRules, scene: &Scene) {
        match *self {
            Edit::Restore(ref earlier) => rules.clone_from(earlier),
            Edit::AutoAdmit(terms) => rules.auto_admit = terms,
            Edit::Except(device, right, on) => except(rules, device, right, on),
            Edit::Stage(device, on) if rules.viewers => {
                let rights = rules.participants;
                rules.except(device, on.then_some(rights));
            }
            Edit::Stage(..) => {}
            Edit::Set(rule, on) => match rule {
                Rule::Consulting => rules.consulting = on.then_some(scene.party),
                Rule::Lock => rules.locked = on,
                Rule::Freeze => rules.frozen = on,
                Rule::JoinMuted => rules.join_muted = on,
                Rule::JoinCameraOff => rules.join_camera_off = on,
                Rule::SeveralPresenters => rules.several_presenters = on,
                Rule::Viewers => set_viewers(rules, on, &scene.others),
                _ => {
                    let right = right_of(rule);
                    rules.participants = rules.participants.set(right, on);
                    let devices: Vec<_> = rules.exceptions.iter().map(|(d, _)| *d).collect();
                    devices.into_iter().for_each(|device| except(rules, device, right, on));
                    scene.keep.iter().for_each(|device| except(rules, *device, right, true));
                }
            },
        }
    }
}

fn except(rules: &mut RoomRules, device: DeviceKey, right: Rights, on: bool) {
    let open = RoomRules { frozen: false, ..rules.clone() };
    let rights = open.rights_of(Role::Participant, &device).set(right, on);
    rules.except(device, (rights != open.usual()).then_some(rights));
}

/// Those who are here stay on stage, as many as there may be exceptions; afterwards everyone may take part again.
pub(crate) fn set_viewers(rules: &mut RoomRules, on: bool, others: &[DeviceKey]) {
    if on && !rules.viewers {
        let rights = rules.participants;
        let plain = others.iter().filter(|device| rules.exception(device).is_none());
        let plain: Vec<_> = plain.copied().collect();
        plain.into_iter().for_each(|device| rules.except(device, Some(rights)));
    }
    rules.viewers = on;
    let usual = RoomRules { frozen: false, ..rules.clone() }.usual();
    rules.exceptions.retain(|(_, rights)| *rights != usual);
}

/// What a switch allows participants; nothing, for the others.
fn right_of(rule: Rule) -> Rights {
    match rule {
        Rule::Unmute => Rights::MIC,
        Rule::Video => Rights::CAMERA,
        Rule::Share => Rights::SCREEN,
        Rule::Chat => Rights::CHAT,
        Rule::Rename => Rights::RENAME,
        _ => Rights::NONE,
    }
}

fn ask_of(wish: Wish) -> Ask {
    match wish {
        Wish::Mute => Ask::Mute,
        Wish::Unmute => Ask::Unmute,
        Wish::StopVideo => Ask::StopVideo,
        Wish::StartVideo => Ask::StartVideo,
        Wish::StopSharing => Ask::StopSharing,
        Wish::LowerHand => Ask::LowerHand,
    }
}

/// The kinds of frames that these rights allow, by the bits of their numbers.
fn kinds(rights: Rights) -> u8 {
    let bit = |right, bits| if rights.contains(right) { bits } else { 0 };
    bit(Rights::MIC, 0b0001) | bit(Rights::CAMERA, 0b0010) | bit(Rights::SCREEN, 0b1100)
}

impl Room {
    /// The rules as they shall be, if that is not what they are.
    pub fn wanted_rules(&self, edits: &[Edit], on: impl Fn(&DeviceKey) -> On) -> Option<RoomRules> {
        let current = self.session.rules();
        let mut wanted = current.clone();
        for edit in edits {
            let keep: Vec<_> = match edit {
                Edit::Set(Rule::Unmute, false) => self.those(|d| on(d).mic),
                Edit::Set(Rule::Video, false) => self.those(|d| on(d).camera),
                _ => Vec::new(),
            };
            let (party, others) = (self.party_present(), self.those(|_| true));
            self.make_room(&mut wanted);
            edit.apply(&mut wanted, &Scene { keep, party, others });
        }
        self.comply(&mut wanted);
        (wanted != *current).then_some(wanted)
    }

    /// At the bound of exceptions, those of devices that are not here are forgotten: otherwise nobody
    /// could be brought on stage any more.
    fn make_room(&self, rules: &mut RoomRules) {
        if rules.exceptions.len() >= MAX_EXCEPTIONS {
            rules.exceptions.retain(|(device, _)| self.session.role_of(device).is_some());
        }
    }

    /// Members without rights by their role who are doing something.
    pub fn those(&self, doing: impl Fn(&DeviceKey) -> bool) -> Vec<DeviceKey> {
        let members = self.session.members().filter(|member| !member.role.is_delegate());
        members.map(|member| member.device).filter(doing).collect()
    }

    /// What the frame worker is to let through.
    fn frame_rights(&self) -> (u8, Vec<(u32, u8)>) {
        let rules = self.session.rules();
        let others = kinds(rules.usual());
        let members = self.session.members();
        let of = |m: &e2ee::session::Member| kinds(rules.rights_of(m.role, &m.device));
        let leaves = members.map(|m| (m.leaf, of(&m))).filter(|(_, kinds)| *kinds != others);
        (others, leaves.collect())
    }
}

impl Participant {
    pub(crate) fn set_rule(&mut self, now: Now, rule: Rule, on: bool) {
        self.edit(now, Edit::Set(rule, on));
    }

    /// Gives one person a right that the others do not have, or takes it.
    pub(crate) fn allow(&mut self, now: Now, device: &[u8], rule: Rule, on: bool) {
        let Ok(device) = <[u8; 32]>::try_from(device).map(DeviceKey) else { return };
        self.edit(now, Edit::Except(device, right_of(rule), on));
    }

    pub(crate) fn edit(&mut self, now: Now, edit: Edit) {
        let Some(room) = self.room.as_mut().filter(|room| room.is_delegate()) else { return };
        room.intend_edit(edit);
        self.run_commits(now);
    }

    /// **Bring NAME on stage**, and off it again.
    pub(crate) fn set_stage(&mut self, now: Now, device: &[u8], on: bool) {
        let Ok(device) = <[u8; 32]>::try_from(device).map(DeviceKey) else { return };
        self.edit(now, Edit::Stage(device, on));
    }

    /// **Mute NAME**, **Mute all**, **Ask NAME to unmute** and their like.
    pub(crate) fn ask(&mut self, now: Now, device: Option<&[u8]>, wish: Wish) {
        let ask = ask_of(wish);
        let device = match device.map(<[u8; 32]>::try_from) {
            Some(Err(_)) => return,
            Some(Ok(key)) => Some(DeviceKey(key)),
            None => None,
        };
        if !self.room.as_ref().is_some_and(Room::is_delegate) {
            return;
        }
        let right = match ask {
            Ask::Mute | Ask::Unmute => Rights::MIC,
            Ask::StopVideo | Ask::StartVideo => Rights::CAMERA,
            Ask::StopSharing => Rights::SCREEN,
            Ask::LowerHand => Rights::NONE,
        };
        let on = matches!(ask, Ask::Unmute | Ask::StartVideo);
        let role = |device| self.room.as_ref().and_then(|room| room.session.role_of(device));
        let delegate = device.as_ref().and_then(role).is_some_and(Role::is_delegate);
        if on && !delegate && self.policy.closes(right) {
            return;
        }
        // Where a right is not everyone's, asking gives it and stopping takes it.
        for device in self.concerned(device, right, on) {
            self.edit(now, Edit::Except(device, right, on));
        }
        self.say(Content::Ask { device, ask });
    }

    fn concerned(&self, device: Option<DeviceKey>, right: Rights, on: bool) -> Vec<DeviceKey> {
        let Some(room) = &self.room else { return Vec::new() };
        let rules = room.session.rules();
        if rules.participants.contains(right) {
            return Vec::new();
        }
        let named = |d: &DeviceKey| device.is_none_or(|device| device == *d);
        let has = |d: &DeviceKey| room.session.rights_of(d).contains(right);
        room.those(|d| named(d) && has(d) != on)
    }

    /// A delegate asks; this device does it, or asks its person.
    pub(crate) fn asked(&mut self, device: Option<DeviceKey>, ask: Ask) {
        let own = self.device.key();
        let delegate = self.room.as_ref().is_some_and(Room::is_delegate);
        if device.is_some_and(|device| device != own) || device.is_none() && delegate {
            return;
        }
        self.out.notice(match ask {
            Ask::Mute => Notice::Mute,
            Ask::Unmute => Notice::AskedToUnmute,
            Ask::StopVideo => Notice::StopVideo,
            Ask::StartVideo => Notice::AskedToStartVideo,
            Ask::StopSharing => Notice::StopSharing,
            Ask::LowerHand => Notice::HandLowered,
        });
        if ask == Ask::LowerHand {
            self.raise_hand(false);
        }
    }

    /// Whoever had a closed right as an exception and has stopped using it, has used it up.
    pub(crate) fn use_up(&mut self, now: Now, device: DeviceKey, before: On, after: On) {
        let stopped = [
            (Rights::MIC, before.mic && !after.mic),
            (Rights::CAMERA, before.camera && !after.camera),
            (Rights::SCREEN, before.screen && !after.screen),
        ];
        let Some(room) = self.room.as_ref().filter(|room| room.leads()) else { return };
        let closed = |right| !room.session.rules().participants.contains(right);
        let held = |right| room.session.rights_of(&device).contains(right);
        let plain = room.session.role_of(&device).is_some_and(|role| !role.is_delegate());
        let used_up: Vec<_> = stopped
            .into_iter()
            .filter(|(right, stopped)| *stopped && plain && closed(*right) && held(*right))
            .collect();
        for (right, _) in used_up {
            self.edit(now, Edit::Except(device, right, false));
        }
    }

    /// The frame worker learns whose frames of which kind count, if that has changed.
    pub(crate) fn tell_frame_rights(&mut self) {
        let Some(room) = &mut self.room else { return };
        let rights = room.frame_rights();
        if room.told_rights.as_ref() != Some(&rights) {
            room.told_rights = Some(rights.clone());
            let (others, leaves) = rights;
            self.out.frames(FrameCommand::Rights { others, leaves });
        }
    }

    /// On entering: what the rules want off until its person turns it on.
    pub(crate) fn enter_quietly(&mut self) {
        let Some(room) = self.room.as_ref().filter(|room| !room.is_delegate()) else { return };
        let rules = room.session.rules();
        let many = room.session.member_count() >= MUTED_FROM;
        let (muted, hidden) = (rules.join_muted || many, rules.join_camera_off);
        if muted {
            self.out.notice(Notice::JoinMuted);
        }
        if hidden {
            self.out.notice(Notice::JoinCameraOff);
        }
    }

    /// **Rename NAME** by the host's side, or oneself where the rules allow it.
    pub(crate) fn rename(&mut self, device: &[u8], name: &str) {
        let Ok(device) = <[u8; 32]>::try_from(device).map(DeviceKey) else { return };
        let (Some(name), Some(room)) = (sanitise_name(name), &self.room) else { return };
        let own = device == self.device.key();
        let delegate = room.is_delegate();
        let allowed = delegate || own && room.session.rights_of(&device).contains(Rights::RENAME);
        if !allowed || room.session.role_of(&device).is_none() {
            return;
        }
        if own {
            self.saved.name = name.clone();
        }
        self.saved.names.set(device, name.clone());
        self.unsaved = true;
        self.say(match own {
            true => Content::Name(Pii::new(name)),
            false => Content::Roster(vec![RosterEntry { device, name: Pii::new(name) }]),
        });
    }

    /// **Block NAME**: turned away, and never let in by anyone of this meeting.
    pub(crate) fn block(&mut self, now: Now, knock: u64) {
        let Some(desk) = &mut self.desk else { return };
        let Some(at) = desk.waiting.iter().position(|knocker| knocker.knock == knock) else {
            return;
        };
        let device = desk.waiting.remove(at).verified.device();
        self.turn_away(knock, LobbyReason::Declined);
        if let Some(host) = &mut self.saved.host {
            host.block(device);
            self.unsaved = true;
        }
        if let Some(room) = &mut self.room {
            room.intend_block(device);
        }
        self.run_commits(now);
    }

    /// The host lets a removed or blocked device knock again.
    pub(crate) fn unblock(&mut self, now: Now, device: &[u8]) {
        let Ok(device) = <[u8; 32]>::try_from(device).map(DeviceKey) else { return };
        if let Some(host) = &mut self.saved.host {
            host.blocked.retain(|blocked| *blocked != device);
            self.unsaved = true;
        }
        if let Some(room) = &mut self.room {
            room.intend_unblock(device);
        }
        self.run_commits(now);
    }

    pub(crate) fn may(&self) -> May {
        self.may_of(&self.device.key())
    }

    pub(crate) fn may_of(&self, device: &DeviceKey) -> May {
        let Some(room) = &self.room else { return May::default() };
        let rights = room.permitted(device);
        May {
            unmute: rights.contains(Rights::MIC),
            video: rights.contains(Rights::CAMERA),
            share: rights.contains(Rights::SCREEN),
            chat: rights.contains(Rights::CHAT),
            rename: rights.contains(Rights::RENAME),
            control: room.session.role_of(device).is_some_and(Role::is_delegate),
        }
    }

    pub(crate) fn rules_view(&self) -> Rules {
        let Some(room) = &self.room else { return Rules::default() };
        let rules = room.session.rules();
        let all = |right| rules.participants.contains(right);
        Rules {
            locked: rules.locked,
            frozen: rules.frozen,
            join_muted: rules.join_muted,
            join_camera_off: rules.join_camera_off,
            several_presenters: rules.several_presenters,
            consulting: rules.consulting.is_some(),
            viewers: rules.viewers,
            auto_admit: rules.auto_admit.map(auto_admit_view),
            unmute: all(Rights::MIC),
            video: all(Rights::CAMERA),
            share: all(Rights::SCREEN),
            chat: all(Rights::CHAT),
            rename: all(Rights::RENAME),
        }
    }
}
