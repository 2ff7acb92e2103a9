//! What comes from people outside: links, knocks and passcodes.

use crate::card::{Card, CardKey};
use crate::doorbell::{
    Bell, HostDoorbell, KnockError, KnockParams, VerifiedDoorbell, knock as make_knock,
};
use crate::identity::{Device, HostKey};
use crate::key_package::PendingJoin;
use crate::link::{Link, LinkKeys};
use crate::name::{sanitise_name, sanitise_title};
use crate::passcode::{Answering, Asking, Exchange, FromGuest, FromHost, Grant, Passcode, Visit};
use base::statement::Role;
use base::{DeviceKey, GroupId, MeetingId, Secret, UnixMillis};

const MEETING: MeetingId = MeetingId([1; 16]);
const NOW: UnixMillis = UnixMillis(1_000);

/// An address: the id, a line feed, the fragment. What parses has one form; the names in it and
/// the blobs beside it never panic.
pub fn link(data: &[u8]) {
    let link = link_keys();
    let _ = link.unwrap_psk(data);
    let _ = Card::open(&CardKey::new(Secret::new([3; 32])), &MEETING, data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(name) = sanitise_name(text) {
        assert_eq!(sanitise_name(&name).as_ref(), Some(&name));
    }
    assert_eq!(sanitise_title(&sanitise_title(text)), sanitise_title(text));
    let (id, fragment) = text.split_once('\n').unwrap_or((text, ""));
    if let Ok(link) = Link::parse(id, fragment) {
        let again = Link::parse(&link.meeting.to_text(), &link.fragment());
        assert_eq!(again.as_ref(), Ok(&link));
        assert!(link.path().ends_with(fragment.trim().trim_start_matches('#')));
    }
}

/// A knock as it comes from the server. What opens is spent.
pub fn knock(data: &[u8]) {
    let (mut bell, links) = (bell(), [link_keys()]);
    let device = guest().key();
    if bell.open(&device, data, &links, NOW).is_ok() {
        assert_eq!(bell.open(&device, data, &links, NOW).err(), Some(KnockError::Stale));
        let other = DeviceKey([6; 32]);
        let readdressed = self::bell().open(&other, data, &links, NOW);
        assert_eq!(readdressed.err(), Some(KnockError::Invalid));
    }
    // The same bytes addressed to this bell and link, so that fuzzing gets past the labels.
    let Some(body) = data.get(16..) else { return };
    let tag = base::hash::sha256(&[bell.statement()]);
    let addressed = [&tag[..8], &links[0].invitation().0, body].concat();
    let _ = self::bell().open(&device, &addressed, &links, NOW);
}

/// A passcode as typed, and a message of its exchange to either side. What reads is written as it
/// was; bytes without the passcode's key prove nothing.
pub fn passcode(data: &[u8]) {
    if let Ok(code) = std::str::from_utf8(data).map_err(drop).and_then(parse_passcode) {
        assert_eq!(parse_passcode(&code.grouped()), Ok(code));
    }
    if let Ok((exchange, message)) = FromGuest::decode(data) {
        assert_eq!(message.encode(exchange), data);
        tell_host(exchange, message);
    }
    if let Ok((exchange, message)) = FromHost::decode(data) {
        assert_eq!(message.encode(exchange), data);
        tell_guest(message);
    }
}

fn parse_passcode(text: &str) -> Result<Passcode, ()> {
    Passcode::parse(text).map_err(drop)
}

fn tell_host(exchange: Exchange, message: FromGuest) {
    let entropy = &mut |out: &mut [u8]| out.fill(7);
    let (point, tag) = match message {
        FromGuest::Start { point } => (point, [0; 64]),
        FromGuest::Confirm { tag } => ([9; 32], tag),
    };
    let grant = Grant { key: host().public(), link: Secret::new([3; 32]) };
    let answered = Answering::answer(&secret_code(), visit(), exchange, point, entropy);
    if let Ok((answering, _)) = answered {
        assert!(answering.confirm(&tag, &grant, entropy).is_err());
    }
}

fn tell_guest(message: FromHost) {
    let (asking, _) = Asking::start(&secret_code(), visit(), &mut |out: &mut [u8]| out.fill(6));
    let (point, fresh, tag, sealed) = match message {
        FromHost::Answer { point, fresh } => (point, fresh, [0; 64], Vec::new()),
        FromHost::Grant { tag, sealed } => ([9; 32], [0; 16], tag, sealed),
        FromHost::Wrong | FromHost::Closed => return,
    };
    if let Ok((awaiting, _)) = asking.finish(point, fresh) {
        assert!(awaiting.open(&tag, &sealed).is_err());
    }
}

fn secret_code() -> Passcode {
    Passcode::generate(&mut |out: &mut [u8]| out.fill(5))
}

fn visit() -> Visit {
    Visit { meeting: MEETING, guest: guest().key() }
}

/// Genuine passcodes and messages, to start fuzzing from.
pub fn passcode_seeds() -> Vec<Vec<u8>> {
    let entropy = &mut |out: &mut [u8]| out.fill(8);
    let (asking, start) = Asking::start(&secret_code(), visit(), entropy);
    let point = start[17..].try_into().expect("a start ends with its point");
    let exchange = asking.exchange();
    let (_, answer) = Answering::answer(&secret_code(), visit(), exchange, point, entropy)
        .expect("the point is the guest's own");
    let grant = FromHost::Grant { tag: [1; 64], sealed: vec![2; 92] }.encode(exchange);
    let confirm = FromGuest::Confirm { tag: [1; 64] }.encode(exchange);
    let typed = secret_code().grouped().into_bytes();
    vec![typed, start, answer, confirm, grant, FromHost::Wrong.encode(exchange)]
}

fn host() -> HostKey {
    HostKey::from_seed(Secret::new([9; 32]))
}

fn guest() -> Device {
    Device::from_seed(Secret::new([4; 32]))
}

fn link_keys() -> LinkKeys {
    Link::new(MEETING, &host().public(), &mut |out: &mut [u8]| out.fill(2)).keys()
}

/// Always the same bell.
fn bell() -> HostDoorbell {
    let device = DeviceKey([5; 32]);
    let bell =
        Bell { meeting: MEETING, group: GroupId([2; 16]), device, expiry: UnixMillis(2_000) };
    HostDoorbell::new(bell, &host(), &mut |out: &mut [u8]| out.fill(7))
}

/// Genuine addresses, to start fuzzing from.
pub fn link_seeds() -> Vec<Vec<u8>> {
    let link = Link::new(MEETING, &host().public(), &mut |out: &mut [u8]| out.fill(2));
    let address = format!("{}\n#{}", link.meeting.to_text(), link.fragment());
    vec![address.into_bytes(), "Ana \u{202E}\u{200D} <b>".as_bytes().to_vec()]
}

/// A genuine knock, to start fuzzing from.
pub fn knock_seeds() -> Vec<Vec<u8>> {
    let (host, device, link) = (host(), guest(), link_keys());
    let join = PendingJoin::new(&device).expect("our own cryptography makes a KeyPackage");
    let mut bell = bell();
    let nonce = bell.issue_nonces(1, &mut |out: &mut [u8]| out.fill(8))[0];
    let doorbell = VerifiedDoorbell::read(bell.statement(), &host.public(), &MEETING, NOW)
        .expect("the bell is the host's own");
    let params = KnockParams {
        link: &link,
        doorbell: &doorbell,
        nonce,
        device: &device,
        name: "Ana",
        key_package: join.key_package(),
        role: Role::Participant,
    };
    let sealed = make_knock(params, &mut |out: &mut [u8]| out.fill(6));
    vec![sealed.expect("the name is visible and the bell sound").0]
}
