//! A meeting as the release before the rules kept it, on the server and on two devices, goes on.

use base::record::{Record, RecordKey, Saved};
use base::statement::{Hello, Signer};
use base::{DeviceKey, MeetingId, MeetingKey, Millis, Nonce, Now, Rights, Secret, UnixMillis};
use client::shell::Output;
use client::{Config, Participant};
use meeting::{
    ConnectionId, HelloExpectation, Input, Limits, Media, Meeting, Output as Effect, ProvenDevice,
};

const FIXTURE: &str = include_str!("fixtures/before-rules.txt");
const ORIGIN: &str = "https://meet.example";

/// The values of the lines that begin with `name`.
fn lines(name: &str) -> impl Iterator<Item = Vec<&'static str>> {
    let words = FIXTURE.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    words.filter(move |words| words[0] == name).map(|words| words[1..].to_vec())
}

fn line(name: &str) -> Vec<&'static str> {
    lines(name).next().expect("the fixture has it")
}

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(byte).collect()
}

fn fixed<const N: usize>(hex: &str) -> [u8; N] {
    bytes(hex).try_into().expect("the right length")
}

fn used() -> UnixMillis {
    UnixMillis(line("used")[0].parse().expect("a number"))
}

/// An hour after it was last used.
fn now() -> Now {
    Now { mono: Millis(1), wall: UnixMillis(used().0 + 3_600_000) }
}

fn saved() -> Saved {
    let record = |words: Vec<&str>| Record {
        key: RecordKey {
            kind: words[0].parse().expect("a kind"),
            number: words[1].parse().expect("a number"),
        },
        value: bytes(words[2]),
    };
    Saved {
        meeting: MeetingId(fixed(line("meeting")[0])),
        key: MeetingKey(fixed(line("key")[0])),
        used: used(),
        ended: None,
        records: lines("record").map(record).collect(),
    }
}

fn proven(seed: &str) -> ProvenDevice {
    let signer = Signer::from_seed(&Secret::new(fixed(seed)));
    let hello = signer.sign(&Hello {
        origin: ORIGIN.into(),
        meeting: saved().meeting,
        device: DeviceKey(signer.public()),
        server_nonce: Nonce([1; 16]),
        client_nonce: Nonce([2; 16]),
    });
    let expected = HelloExpectation {
        origins: &[ORIGIN.into()],
        meeting: saved().meeting,
        server_nonce: Nonce([1; 16]),
    };
    ProvenDevice::check(&hello, expected).expect("a valid hello")
}

#[test]
fn the_server_keeps_its_members_and_holds_them_to_the_default_rules() {
    let mut meeting = Meeting::restore(saved(), Limits::default()).expect("it reads");
    assert_eq!(meeting.roster().count(), 2);
    let expected = [Rights::ALL, Rights::ALL.without(Rights::SCREEN)];
    for (index, (who, expected)) in ["host", "guest"].into_iter().zip(expected).enumerate() {
        let connection = ConnectionId(index as u64);
        let device = proven(line(who)[0]);
        meeting.handle(now(), Input::Connected { connection, device, certificate: None });
        let mut permitted = None;
        while let Some(effect) = meeting.poll_output() {
            if let Effect::Media(Media::Permit { rights, .. }) = effect {
                permitted = Some(rights);
            }
        }
        assert_eq!(permitted, Some(expected), "{who}");
    }
}

#[test]
fn the_hosts_device_still_is_the_hosts() {
    let view = |who: &str| {
        let config = Config {
            origin: ORIGIN.into(),
            meeting: saved().meeting.to_text(),
            fragment: None,
            device_seed: Secret::new(fixed(line(who)[0])),
            saved: Some(bytes(line(who)[1])),
        };
        let mut core = Participant::new(config, now(), Box::new(|out: &mut [u8]| out.fill(7)));
        let outputs = std::iter::from_fn(|| core.poll_output()).collect::<Vec<_>>();
        outputs.into_iter().rev().find_map(|output| match output {
            Output::View { view } => Some(view),
            _ => None,
        })
    };
    let host = view("host").expect("a view");
    assert!(host.host && host.problem.is_none() && host.invite_path.contains("#1."));
    assert_eq!(host.my_name, "Host");
    assert_eq!(view("guest").expect("a view").my_name, "Guest");
}
