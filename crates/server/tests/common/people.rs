//! Hosts and guests: their keys and what they sign.

use super::{Response, request};
use base::statement::{
    Added, Certificate, Doorbell, End, Hello, Leave, Role, Signer, Swap, Ticket,
};
use base::time::UnixMillis;
use base::{DeviceKey, GroupId, MeetingId, MeetingKey, Nonce, Secret};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wire::{Bytes, CreateMeeting};

pub fn random<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    getrandom::fill(&mut out).unwrap();
    out
}

pub fn in_an_hour() -> UnixMillis {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(3600);
    UnixMillis(now.as_millis() as u64)
}

/// A device with its key.
pub struct Device {
    pub seed: [u8; 32],
    pub signer: Signer,
}

impl Device {
    pub fn new() -> Self {
        let seed = random();
        Device { seed, signer: Signer::from_seed(&Secret::new(seed)) }
    }

    pub fn key(&self) -> DeviceKey {
        DeviceKey(self.signer.public())
    }

    pub fn hello(&self, origin: &str, meeting: MeetingId, server_nonce: Nonce) -> Bytes {
        let client_nonce = Nonce(random());
        let origin = origin.to_owned();
        let hello = Hello { origin, meeting, device: self.key(), server_nonce, client_nonce };
        self.signer.sign(&hello).into()
    }

    /// A ticket that adds `added` in `epoch`, for `commit`.
    pub fn ticket(&self, group: GroupId, epoch: u64, commit: &[u8], added: &[DeviceKey]) -> Bytes {
        let added = added.iter().map(|device| Added { device: *device, role: Role::Participant });
        let ticket = Ticket {
            group,
            epoch,
            committer: self.key(),
            commit: base::hash::sha256(&[commit]),
            added: added.collect(),
            removed: Vec::new(),
            swapped: Vec::new(),
            left: Vec::new(),
            rules: None,
        };
        self.signer.sign(&ticket).into()
    }

    pub fn swap(&self, group: GroupId, epoch: u64) -> Bytes {
        let swap = Swap { group, device: self.key(), key_package: random(), epoch };
        self.signer.sign(&swap).into()
    }

    pub fn leave(&self, group: GroupId, epoch: u64) -> Bytes {
        self.signer.sign(&Leave { group, device: self.key(), epoch }).into()
    }

    pub fn end(&self, meeting: MeetingId) -> Bytes {
        self.signer.sign(&End { meeting, device: self.key(), at: in_an_hour() }).into()
    }
}

/// A host with its meeting key.
pub struct Host {
    pub hk: Signer,
    pub device: Device,
    pub meeting: MeetingId,
    pub group: GroupId,
}

impl Host {
    pub fn new() -> Self {
        Host {
            hk: Signer::from_seed(&Secret::new(random())),
            device: Device::new(),
            meeting: MeetingId(random()),
            group: GroupId(random()),
        }
    }

    pub fn key(&self) -> MeetingKey {
        MeetingKey(self.hk.public())
    }

    pub fn certificate(&self) -> Bytes {
        self.certificate_as(Role::Host)
    }

    pub fn certificate_as(&self, role: Role) -> Bytes {
        let certificate = Certificate {
            meeting: self.meeting,
            group: self.group,
            device: self.device.key(),
            role,
            serial: 1,
            expiry: in_an_hour(),
        };
        self.hk.sign(&certificate).into()
    }

    pub fn doorbell(&self) -> Bytes {
        let doorbell = Doorbell {
            meeting: self.meeting,
            group: self.group,
            device: self.device.key(),
            hpke: random(),
            expiry: in_an_hour(),
        };
        self.hk.sign(&doorbell).into()
    }

    pub fn creation(&self) -> CreateMeeting {
        CreateMeeting { id: self.meeting, key: self.key(), certificate: self.certificate() }
    }

    pub async fn create(&self, authority: &str) {
        let response = create(authority, &self.creation(), &[]).await;
        assert_eq!(response.status, 201, "{}", response.body);
    }
}

pub async fn create(authority: &str, wanted: &CreateMeeting, headers: &[(&str, &str)]) -> Response {
    let headers = [&[("content-type", "application/json")], headers].concat();
    let body = serde_json::to_string(wanted).unwrap();
    request(authority, "POST", "/api/v1/meetings", &headers, &body).await
}
