use crate::input::{ConnectionId, Publishing};
use crate::pace::Pace;
use base::{DeviceKey, Millis, ParticipantId};
use std::collections::BTreeMap;
use std::time::Duration;

/// The open connections, one per device.
#[derive(Default)]
pub(crate) struct Connections {
    by_id: BTreeMap<ConnectionId, Connection>,
    by_device: BTreeMap<DeviceKey, ConnectionId>,
}

pub(crate) struct Connection {
    pub since: Millis,
    pub device: DeviceKey,
    pub participant: ParticipantId,
    pub publishing: Publishing,
    pub paces: Paces,
    /// It took a step towards proving the passcode that the host has not answered.
    pub awaits_passcode: bool,
}

#[derive(Default)]
pub(crate) struct Paces {
    pub lobby: Pace,
    pub passcode: Pace,
    pub tell: Pace,
    pub control: Pace,
    pub messages: Pace,
    pub catch_up: Pace,
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy)]
pub(crate) struct Peer {
    pub connection: ConnectionId,
    pub device: DeviceKey,
    pub participant: ParticipantId,
}

impl Connections {
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    pub fn peer(&self, connection: ConnectionId) -> Option<Peer> {
        let Connection { device, participant, .. } = *self.by_id.get(&connection)?;
        Some(Peer { connection, device, participant })
    }

    pub fn peers(&self) -> impl Iterator<Item = Peer> {
        self.by_id.iter().map(|(id, c)| Peer {
            connection: *id,
            device: c.device,
            participant: c.participant,
        })
    }

    pub fn of(&self, device: DeviceKey) -> Option<ConnectionId> {
        self.by_device.get(&device).copied()
    }

    pub fn peer_of(&self, device: DeviceKey) -> Option<Peer> {
        self.peer(self.of(device)?)
    }

    pub fn publishing(&self, device: DeviceKey) -> Publishing {
        let connection = self.of(device).and_then(|id| self.by_id.get(&id));
        connection.map(|c| c.publishing).unwrap_or_default()
    }

    /// How long ago this connection was opened.
    pub fn age(&self, connection: ConnectionId, now: Millis) -> Duration {
        self.by_id.get(&connection).map(|c| now.since(c.since)).unwrap_or_default()
    }

    pub fn get_mut(&mut self, connection: ConnectionId) -> Option<&mut Connection> {
        self.by_id.get_mut(&connection)
    }

    pub fn insert(&mut self, peer: Peer, since: Millis) {
        let Peer { connection, device, participant } = peer;
        let fresh = Connection {
            since,
            device,
            participant,
            publishing: Publishing::default(),
            paces: Paces::default(),
            awaits_passcode: false,
        };
        self.by_id.insert(connection, fresh);
        self.by_device.insert(device, connection);
    }

    pub fn remove(&mut self, connection: ConnectionId) {
        if let Some(gone) = self.by_id.remove(&connection) {
            self.by_device.remove(&gone.device);
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
