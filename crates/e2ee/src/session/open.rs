//! Opening a session: the host alone in a new group.

use super::{Broken, Session};
use crate::identity::{Device, GroupPsk};
use crate::manifest::AdmissionEntry;
use crate::policy::Policy;
use crate::provider::{Provider, create_config, store_psk};
use crate::roster::{History, Roster, Seat};
use base::statement::Role;
use base::{DeviceKey, GroupId, MeetingId, MeetingKey};
use openmls::group::MlsGroup;
use std::collections::HashMap;

/// What a new group is about.
pub struct CreateGroup {
    pub meeting: MeetingId,
    /// Random, one per session.
    pub group: GroupId,
    pub hk: MeetingKey,
    /// HK's certificate that makes the creating device host of this group.
    pub certificate: Vec<u8>,
    pub psk: GroupPsk,
    /// Devices that are not let in.
    pub banned: Vec<DeviceKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateError {
    #[error("the certificate does not make this device the host of this group")]
    NotHost,
    #[error(transparent)]
    Broken(#[from] Broken),
}

impl Session {
    /// Opens a group with this device alone in it, at epoch 0.
    pub fn create(device: &Device, new: CreateGroup) -> Result<Self, CreateError> {
        let psk = new.psk.id();
        let mut policy = Policy::new(new.meeting, new.group, new.hk, psk, new.certificate);
        policy.removed = policy.removed_with(&new.banned);
        if policy.role_of(&device.key()) != Some(Role::Host) {
            return Err(CreateError::NotHost);
        }
        let provider = Provider::default();
        if !store_psk(&provider, &new.psk) {
            return Err(Broken("the PSK cannot be stored").into());
        }
        let group = openmls::group::GroupId::from_slice(&new.group.0);
        let config = create_config(policy.encode());
        let mls =
            MlsGroup::new_with_group_id(&provider, device, &config, group, device.credential())
                .map_err(|_| Broken("the group cannot be created"))?;
        Ok(Session::begin(provider, mls, device, policy))
    }

    /// A session around a group that has been checked.
    pub(super) fn begin(
        provider: Provider,
        mls: MlsGroup,
        device: &Device,
        policy: Policy,
    ) -> Self {
        let mut session = Session {
            provider,
            mls,
            device: device.key(),
            policy,
            roster: Roster::default(),
            history: History::default(),
            pending: None,
            refused: None,
            last: None,
        };
        session.refresh_roster(&Roster::default(), &[]);
        session
    }

    /// Reads the members from the group. Roles that no certificate gives come from the commit just
    /// merged (`admitted`) or from `before`.
    pub(super) fn refresh_roster(&mut self, before: &Roster, admitted: &[AdmissionEntry]) {
        let mut known: HashMap<_, _> = before.iter().map(|(_, s)| (s.device, s.role)).collect();
        known.extend(admitted.iter().map(|entry| (entry.device, entry.role)));
        known.extend(self.policy.roles());
        let seat = |device| Seat {
            device,
            role: known.get(&device).copied().unwrap_or(Role::Participant),
        };
        let devices = super::extract::devices(&self.mls);
        self.roster = devices.map(|(leaf, device)| (leaf, seat(device))).collect();
        self.history.push(self.epoch(), self.roster.clone());
    }
}
