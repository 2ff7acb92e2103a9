//! What those who run a server fix for every meeting on it. The server holds itself and everyone to
//! what it can see of this; the host's device keeps to all of it.
//!
//! A pin may shut a door and never opens one: whatever a server says, nobody is let in by it.

use crate::rules::{Party, Rights, RoomRules};
use crate::statement::Role;

/// A switch of the host's that may be pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    WaitingRoom,
    Consulting,
    Passcode,
    JoinMuted,
    JoinCameraOff,
    SeveralPresenters,
    Viewers,
    // What participants can do.
    Unmute,
    Video,
    Share,
    Chat,
    Rename,
}

/// What may be forbidden as a whole, to the host too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    ScreenShare,
    Video,
    Chat,
    Passcode,
    PersonalInvitations,
}

const SWITCHES: [(Switch, &str); 12] = [
    (Switch::WaitingRoom, "waiting-room"),
    (Switch::Consulting, "consulting"),
    (Switch::Passcode, "passcode"),
    (Switch::JoinMuted, "join-muted"),
    (Switch::JoinCameraOff, "join-camera-off"),
    (Switch::SeveralPresenters, "several-presenters"),
    (Switch::Viewers, "viewers"),
    (Switch::Unmute, "unmute"),
    (Switch::Video, "video"),
    (Switch::Share, "share"),
    (Switch::Chat, "chat"),
    (Switch::Rename, "rename"),
];

const FEATURES: [(Feature, &str); 5] = [
    (Feature::ScreenShare, "screen-share"),
    (Feature::Video, "video"),
    (Feature::Chat, "chat"),
    (Feature::Passcode, "passcode"),
    (Feature::PersonalInvitations, "personal-invitations"),
];

/// Pinned off, the first two would open a door; a passcode that is off is a feature forbidden.
const ON_ONLY: [Switch; 3] = [Switch::WaitingRoom, Switch::Consulting, Switch::Passcode];

/// Not a pin or feature that there is, or one that says the opposite of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown;

/// What is fixed, by bits: a switch's that it is, and which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperatorPolicy {
    pinned: u16,
    on: u16,
    forbidden: u8,
}

impl OperatorPolicy {
    /// With a pin such as `share=off` besides.
    pub fn with_pin(self, text: &str) -> Result<Self, Unknown> {
        let (name, value) = text.split_once('=').ok_or(Unknown)?;
        let (switch, _) = SWITCHES.iter().find(|(_, known)| *known == name).ok_or(Unknown)?;
        let on = match value {
            "on" => true,
            "off" if !ON_ONLY.contains(switch) => false,
            _ => return Err(Unknown),
        };
        let bit = 1 << *switch as u16;
        if self.pinned & bit != 0 && (self.on & bit != 0) != on {
            return Err(Unknown);
        }
        let on = self.on | if on { bit } else { 0 };
        Ok(OperatorPolicy { pinned: self.pinned | bit, on, ..self })
    }

    /// Without a feature such as `screen-share`.
    pub fn without(self, name: &str) -> Result<Self, Unknown> {
        let (feature, _) = FEATURES.iter().find(|(_, known)| *known == name).ok_or(Unknown)?;
        Ok(OperatorPolicy { forbidden: self.forbidden | 1 << *feature as u8, ..self })
    }

    /// A switch that is pinned on while what it allows is forbidden.
    pub fn contradiction(self) -> Option<&'static str> {
        let clash = |switch| self.implied(switch) && self.pin(switch) == Some(true);
        SWITCHES.iter().find(|(switch, _)| clash(*switch)).map(|(_, name)| *name)
    }

    /// Which way a switch is fixed, by a pin or because what it allows is forbidden.
    pub fn fixed(self, switch: Switch) -> Option<bool> {
        if self.implied(switch) { Some(false) } else { self.pin(switch) }
    }

    pub fn forbids(self, feature: Feature) -> bool {
        self.forbidden & 1 << feature as u8 != 0
    }

    /// The pins as they are written.
    pub fn pins(self) -> impl Iterator<Item = String> {
        let on = |on| if on { "on" } else { "off" };
        let pinned =
            SWITCHES.iter().filter_map(move |(switch, name)| Some((name, self.pin(*switch)?)));
        pinned.map(move |(name, state)| format!("{name}={}", on(state)))
    }

    /// The names of the switches that nobody in a meeting can turn.
    pub fn fixed_names(self) -> impl Iterator<Item = &'static str> {
        SWITCHES
            .iter()
            .filter(move |(switch, _)| self.fixed(*switch).is_some())
            .map(|(_, name)| *name)
    }

    pub fn forbidden_names(self) -> impl Iterator<Item = &'static str> {
        FEATURES.iter().filter(move |(feature, _)| self.forbids(*feature)).map(|(_, name)| *name)
    }

    /// Of these rights, those that a member of this role may use on this server.
    pub fn limit(self, role: Role, rights: Rights) -> Rights {
        let shut = |(switch, _): &&(Switch, Rights)| match role.is_delegate() {
            true => self.implied(*switch),
            false => self.fixed(*switch) == Some(false),
        };
        RIGHTS.iter().filter(shut).fold(rights, |rights, (_, right)| rights.without(*right))
    }

    /// Turns every switch as it is fixed; `party` is who is here, for consulting mode. A right that is
    /// pinned on is everyone's, and may be taken from one person; one that is off is nobody's.
    pub fn apply(self, rules: &mut RoomRules, party: Party) {
        for (switch, right) in RIGHTS {
            let Some(on) = self.fixed(switch) else { continue };
            rules.participants = rules.participants.set(right, on);
            if !on {
                rules.exceptions.iter_mut().for_each(|(_, own)| *own = own.without(right));
            }
        }
        for (switch, flag) in [
            (Switch::JoinMuted, &mut rules.join_muted),
            (Switch::JoinCameraOff, &mut rules.join_camera_off),
            (Switch::SeveralPresenters, &mut rules.several_presenters),
            (Switch::Viewers, &mut rules.viewers),
        ] {
            *flag = self.fixed(switch).unwrap_or(*flag);
        }
        if self.fixed(Switch::WaitingRoom).is_some() {
            rules.auto_admit = None;
        }
        if self.fixed(Switch::Consulting).is_some() {
            rules.consulting.get_or_insert(party);
        }
    }

    /// Whether the rules are as they are fixed.
    pub fn holds_in(self, rules: &RoomRules) -> bool {
        let mut kept = rules.clone();
        self.apply(&mut kept, Party([0; 8]));
        kept == *rules
    }

    fn pin(self, switch: Switch) -> Option<bool> {
        let bit = 1 << switch as u16;
        (self.pinned & bit != 0).then_some(self.on & bit != 0)
    }

    /// Whether what this switch allows is forbidden.
    fn implied(self, switch: Switch) -> bool {
        match switch {
            Switch::Share | Switch::SeveralPresenters => self.forbids(Feature::ScreenShare),
            Switch::Video => self.forbids(Feature::Video),
            Switch::Chat => self.forbids(Feature::Chat),
            Switch::Passcode => self.forbids(Feature::Passcode),
            _ => false,
        }
    }
}

const RIGHTS: [(Switch, Rights); 5] = [
    (Switch::Unmute, Rights::MIC),
    (Switch::Video, Rights::CAMERA),
    (Switch::Share, Rights::SCREEN),
    (Switch::Chat, Rights::CHAT),
    (Switch::Rename, Rights::RENAME),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DeviceKey;
    use crate::rules::AutoAdmit;
    use crate::time::UnixMillis;

    const DEVICE: DeviceKey = DeviceKey([7; 32]);

    fn policy(pins: &[&str], forbidden: &[&str]) -> Result<OperatorPolicy, Unknown> {
        let pinned = pins.iter().try_fold(OperatorPolicy::default(), |all, pin| all.with_pin(pin));
        forbidden.iter().try_fold(pinned?, |all, name| all.without(name))
    }

    #[test]
    fn names_that_do_not_exist_and_opposites_are_refused() {
        for wrong in ["", "share", "share=", "share=maybe", "sharing=off", "share=off=on"] {
            assert_eq!(policy(&[wrong], &[]), Err(Unknown), "{wrong}");
        }
        assert_eq!(policy(&["share=off", "share=on"], &[]), Err(Unknown));
        assert!(policy(&["share=off", "share=off"], &[]).is_ok());
        assert_eq!(policy(&[], &["sharing"]), Err(Unknown));
    }

    #[test]
    fn no_pin_opens_a_door() {
        for opens in ["waiting-room=off", "consulting=off", "passcode=off", "lock=off", "lock=on"] {
            assert_eq!(policy(&[opens], &[]), Err(Unknown), "{opens}");
        }
    }

    #[test]
    fn pins_read_back_as_they_are_written() {
        let all = policy(&["waiting-room=on", "join-muted=on", "share=off"], &["chat"]).unwrap();
        let pins: Vec<_> = all.pins().collect();
        assert_eq!(pins, ["waiting-room=on", "join-muted=on", "share=off"]);
        let forbidden: Vec<_> = all.forbidden_names().collect();
        assert_eq!(forbidden, ["chat"]);
        let fixed: Vec<_> = all.fixed_names().collect();
        assert_eq!(fixed, ["waiting-room", "join-muted", "share", "chat"]);
    }

    #[test]
    fn what_is_forbidden_is_not_pinned_on() {
        let contradiction =
            |pins: &[&str], forbidden: &[&str]| policy(pins, forbidden).unwrap().contradiction();
        assert_eq!(contradiction(&["passcode=on"], &["passcode"]), Some("passcode"));
        assert_eq!(contradiction(&["share=on", "chat=off"], &["screen-share"]), Some("share"));
        assert_eq!(contradiction(&["share=off", "chat=on"], &["screen-share"]), None);
        assert_eq!(contradiction(&[], &[]), None);
    }

    #[test]
    fn a_pin_binds_participants_and_a_ban_the_host_too() {
        let pinned = policy(&["share=off", "chat=on"], &["video"]).unwrap();
        let guest = pinned.limit(Role::Participant, Rights::ALL);
        assert_eq!(guest, Rights::MIC.with(Rights::CHAT).with(Rights::RENAME));
        let host = pinned.limit(Role::Host, Rights::ALL);
        assert_eq!(host, Rights::ALL.without(Rights::CAMERA));
    }

    #[test]
    fn applied_rules_hold_and_nothing_else_changes() {
        let all = policy(
            &["waiting-room=on", "consulting=on", "join-muted=on", "unmute=off", "share=on"],
            &["chat"],
        )
        .unwrap();
        let mut rules = RoomRules {
            auto_admit: Some(AutoAdmit { until: UnixMillis(9), cap: 5, shared_links: true }),
            locked: true,
            ..RoomRules::default()
        };
        rules.except(DEVICE, Some(Rights::MIC.with(Rights::CHAT).with(Rights::CAMERA)));
        assert!(!all.holds_in(&rules));
        all.apply(&mut rules, Party([3; 8]));
        assert!(all.holds_in(&rules));
        assert_eq!(rules.auto_admit, None);
        assert_eq!(rules.consulting, Some(Party([3; 8])));
        assert_eq!(
            rules.rights_of(Role::Participant, &DEVICE),
            Rights::CAMERA,
            "one may have less"
        );
        let others = rules.rights_of(Role::Participant, &DeviceKey([8; 32]));
        assert_eq!(others, Rights::CAMERA.with(Rights::SCREEN).with(Rights::RENAME));
        assert!(rules.locked && rules.join_muted && !rules.join_camera_off);
        assert!(OperatorPolicy::default().holds_in(&rules));
    }
}
