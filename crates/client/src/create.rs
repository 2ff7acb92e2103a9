//! Making a meeting: everything the host's device decides before anyone else is involved.

use crate::passcode::HostPasscode;
use crate::saved::{HostState, Saved};
use base::statement::{Certificate, Role};
use base::{DeviceKey, Entropy, GroupId, MeetingId, Now, Secret, random};
use e2ee::link::Link;
use e2ee::name::{sanitise_name, sanitise_title};
use e2ee::{Device, HostKey};
use std::time::Duration;

/// How long a certificate of the host's own device is valid. Every session gets a new one.
const CERTIFICATE_LIFE: Duration = Duration::from_secs(366 * 24 * 3600);

/// What the host chooses.
pub struct Create {
    /// This device's long-lived seed.
    pub device_seed: Secret<32>,
    pub title: String,
    pub host_name: String,
}

/// A meeting that exists once `request` has been accepted by the server.
pub struct Created {
    /// Body of `POST /api/v1/meetings`.
    pub request: wire::CreateMeeting,
    pub meeting: MeetingId,
    /// The address's fragment without `#`; secret from the server.
    pub fragment: String,
    /// `/m/<id>#<fragment>`: where the host goes next, and what it sends to guests.
    pub invite_path: String,
    /// Initial saved state for [`crate::Config::saved`]; secret, keep it before going there.
    pub saved: Vec<u8>,
}

/// Makes the meeting key, the first link and the host's certificate.
pub fn create(params: Create, now: Now, entropy: &mut dyn Entropy) -> Created {
    let key = HostKey::from_seed(Secret::new(random(entropy)));
    let meeting = MeetingId(random(entropy));
    let device = Device::from_seed(params.device_seed).key();
    let link = Link::new(meeting, &key.public(), entropy);
    let mut host = HostState {
        key: key.seed().clone(),
        links: vec![link.secret.clone()],
        card_key: Secret::new(random(entropy)),
        serial: 0,
        group: GroupId([0; 16]),
        certificate: Vec::new(),
        opened: false,
        remembered: Default::default(),
        blocked: Vec::new(),
        passcode: None,
        rules: Default::default(),
        personal: Vec::new(),
        rotate: false,
    };
    host.passcode = Some(HostPasscode::new(entropy));
    new_session(&mut host, &meeting, device, now, entropy);
    let name = sanitise_name(&params.host_name).unwrap_or_default();
    let request = wire::CreateMeeting {
        id: meeting,
        key: key.public(),
        certificate: host.certificate.clone().into(),
    };
    let saved = Saved {
        name: name.clone(),
        title: sanitise_title(&params.title),
        host_name: name,
        psk: Some(Secret::new(random(entropy))),
        host: Some(host),
        ..Saved::default()
    };
    let (fragment, invite_path) = (link.fragment(), link.path());
    Created { request, meeting, fragment, invite_path, saved: saved.encode() }
}

/// Chooses the group of the next session and certifies this device as its host.
pub(crate) fn new_session(
    host: &mut HostState,
    meeting: &MeetingId,
    device: DeviceKey,
    now: Now,
    entropy: &mut dyn Entropy,
) {
    host.group = GroupId(random(entropy));
    host.serial += 1;
    host.opened = false;
    host.certificate = HostKey::from_seed(host.key.clone()).certify(&Certificate {
        meeting: *meeting,
        group: host.group,
        device,
        role: Role::Host,
        serial: host.serial,
        expiry: now.wall + CERTIFICATE_LIFE,
    });
}
