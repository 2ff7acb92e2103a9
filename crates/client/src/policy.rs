//! What those who run the server have fixed: the switches stay as they are told, and forbidden things
//! are not offered. A server that says nothing of the kind fixes nothing.

use crate::participant::Participant;
use crate::room::Room;
use crate::rules::set_viewers;
use crate::view;
use base::policy::{Feature, OperatorPolicy, Switch};
use base::{Rights, Role, RoomRules};
use e2ee::name::sanitise_notice;

/// Names read of one list; a server that sends more sends nonsense.
const MAX_NAMES: usize = 64;

/// As the server told it on this connection or the last.
#[derive(Default)]
pub(crate) struct Policy {
    pub fixed: OperatorPolicy,
    reason: String,
}

impl Policy {
    /// Names that this version does not know are left out.
    fn read(told: &wire::Policy) -> Policy {
        let pins = told.pin.iter().take(MAX_NAMES);
        let pinned =
            pins.fold(OperatorPolicy::default(), |all, pin| all.with_pin(pin).unwrap_or(all));
        let forbidden = told.forbid.iter().take(MAX_NAMES);
        let fixed = forbidden.fold(pinned, |all, name| all.without(name).unwrap_or(all));
        Policy { fixed, reason: sanitise_notice(&told.reason) }
    }

    pub fn forbids(&self, feature: Feature) -> bool {
        self.fixed.forbids(feature)
    }

    /// Whether no participant may have this right here: asking for what it allows would be in vain.
    pub fn closes(&self, right: Rights) -> bool {
        !self.fixed.limit(Role::Participant, Rights::ALL).contains(right)
    }

    /// Whether a passcode that the host has `on` or off is in use.
    pub fn passcode(&self, on: bool) -> bool {
        self.fixed.fixed(Switch::Passcode).unwrap_or(on)
    }

    pub fn view(&self) -> view::Policy {
        view::Policy {
            pinned: self.fixed.fixed_names().map(str::to_owned).collect(),
            forbidden: self.fixed.forbidden_names().map(str::to_owned).collect(),
            reason: self.reason.clone(),
        }
    }
}

impl Room {
    /// The rules of the room have yet to be brought to what is fixed, and this device is to do it.
    pub fn must_comply(&self) -> bool {
        self.comply && self.leads() && !self.policy.holds_in(self.session.rules())
    }

    /// With every switch as it is fixed, if this device may turn them.
    pub fn comply(&self, rules: &mut RoomRules) {
        if self.is_delegate() {
            if self.policy.fixed(Switch::Viewers) == Some(true) {
                set_viewers(rules, true, &self.those(|_| true));
            }
            self.policy.apply(rules, self.party_present());
        }
    }

    /// Of these rights of a member, those that it may use on this server.
    pub fn permitted(&self, device: &base::DeviceKey) -> Rights {
        let role = self.session.role_of(device);
        role.map_or(Rights::NONE, |role| self.policy.limit(role, self.session.rights_of(device)))
    }
}

impl Participant {
    pub(crate) fn learn_policy(&mut self, told: Option<&wire::Policy>) {
        self.policy = told.map(Policy::read).unwrap_or_default();
        if let Some(room) = &mut self.room {
            room.policy = self.policy.fixed;
            room.comply = true;
        }
    }
}
