#![allow(clippy::unwrap_used)] // A panic in a test is its report, in its helpers too.

use super::*;
use base::{DeviceKey, MeetingId, MeetingKey};
use proptest::prelude::*;

const VISIT: Visit = Visit { meeting: MeetingId([1; 16]), guest: DeviceKey([2; 32]) };

fn entropy(seed: u64) -> impl FnMut(&mut [u8]) {
    let mut state = seed;
    move |out: &mut [u8]| {
        for byte in out {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            *byte = (state >> 56) as u8;
        }
    }
}

fn code(text: &str) -> Passcode {
    Passcode::parse(text).unwrap()
}

fn grant() -> Grant {
    Grant { key: MeetingKey([8; 32]), link: Secret::new([9; 32]) }
}

/// A whole exchange: the guest's messages, the host's, and what the guest got.
struct Run {
    guest: Vec<Vec<u8>>,
    host: Vec<Vec<u8>>,
    got: Result<Grant, Wrong>,
}

fn run(guest: (&str, Visit), host: (&str, Visit)) -> Run {
    let (asking, start) = Asking::start(&code(guest.0), guest.1, &mut entropy(1));
    let (exchange, FromGuest::Start { point }) = FromGuest::decode(&start).unwrap() else {
        panic!("a start")
    };
    let (answering, answer) =
        Answering::answer(&code(host.0), host.1, exchange, point, &mut entropy(2)).unwrap();
    let (exchange, FromHost::Answer { point, fresh }) = FromHost::decode(&answer).unwrap() else {
        panic!("an answer")
    };
    assert_eq!(exchange, asking.exchange());
    let (awaiting, confirm) = asking.finish(point, fresh).unwrap();
    let (_, FromGuest::Confirm { tag }) = FromGuest::decode(&confirm).unwrap() else {
        panic!("a confirmation")
    };
    let guest = vec![start, confirm];
    match answering.confirm(&tag, &grant(), &mut entropy(3)) {
        Ok(granted) => {
            let (_, FromHost::Grant { tag, sealed }) = FromHost::decode(&granted).unwrap() else {
                panic!("a grant")
            };
            Run { guest, host: vec![answer, granted], got: awaiting.open(&tag, &sealed) }
        }
        Err(wrong) => Run { guest, host: vec![answer], got: Err(wrong) },
    }
}

#[test]
fn the_same_passcode_opens_the_grant() {
    let run = run(("ABCD-EFGH", VISIT), ("abcd efgh", VISIT));
    assert_eq!(run.got, Ok(grant()));
}

#[test]
fn another_passcode_meeting_or_device_gets_nothing() {
    let other = |visit| run(("ABCD-EFGH", VISIT), ("ABCD-EFGH", visit));
    let meeting = Visit { meeting: MeetingId([7; 16]), ..VISIT };
    let device = Visit { guest: DeviceKey([7; 32]), ..VISIT };
    for failed in [run(("ABCD-EFGH", VISIT), ("ABCD-EFGJ", VISIT)), other(meeting), other(device)] {
        assert_eq!(failed.got, Err(Wrong));
        assert_eq!(failed.host.len(), 1, "the host sends one point and no more");
    }
}

/// What the server sees of an exchange with the right passcode is, kind by kind and length by
/// length, made of points, tags, randomness and one sealed text; and of one with a wrong passcode
/// it sees the same without the host's last message. No byte of it is a function of the passcode
/// without one side's secret scalar.
#[test]
fn the_transcript_has_only_points_tags_and_a_sealed_text() {
    let right = run(("ABCD-EFGH", VISIT), ("ABCD-EFGH", VISIT));
    let wrong = run(("ABCD-EFGH", VISIT), ("ABCD-EFGJ", VISIT));
    let shape = |messages: &[Vec<u8>]| messages.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(shape(&right.guest), [1 + 16 + 32, 1 + 16 + 64]);
    assert_eq!(shape(&right.host), [1 + 16 + 32 + 16, 1 + 16 + 64 + 4 + 12 + 64 + 16]);
    assert_eq!(shape(&wrong.guest), shape(&right.guest));
    assert_eq!(shape(&wrong.host), shape(&right.host[..1]));
    let text = [right.guest.concat(), right.host.concat()].concat();
    for secret in [&b"ABCDEFGH"[..], b"ABCD-EFGH", &[8; 8], &[9; 8]] {
        assert!(!text.windows(secret.len()).any(|window| window == secret));
    }
}

/// A point is a fresh scalar times the passcode's generator: any point can come from any passcode,
/// so a recording rules none out.
#[test]
fn nothing_repeats_between_two_exchanges_of_one_passcode() {
    let message = |seed| Asking::start(&code("ABCD-EFGH"), VISIT, &mut entropy(seed)).1;
    let (one, two) = (message(1), message(2));
    assert_eq!(one[0], two[0]);
    assert!(one[1..].chunks(16).zip(two[1..].chunks(16)).all(|(one, two)| one != two));
}

#[test]
fn recorded_messages_are_of_no_use_in_another_exchange() {
    let recorded = run(("ABCD-EFGH", VISIT), ("ABCD-EFGH", VISIT));
    let (exchange, FromGuest::Start { point }) = FromGuest::decode(&recorded.guest[0]).unwrap()
    else {
        panic!("a start")
    };
    let (_, FromGuest::Confirm { tag }) = FromGuest::decode(&recorded.guest[1]).unwrap() else {
        panic!("a confirmation")
    };
    let (answering, _) =
        Answering::answer(&code("ABCD-EFGH"), VISIT, exchange, point, &mut entropy(4)).unwrap();
    assert!(answering.confirm(&tag, &grant(), &mut entropy(5)).is_err());

    let (_, FromHost::Answer { point, fresh }) = FromHost::decode(&recorded.host[0]).unwrap()
    else {
        panic!("an answer")
    };
    let (_, FromHost::Grant { tag, sealed }) = FromHost::decode(&recorded.host[1]).unwrap() else {
        panic!("a grant")
    };
    let (asking, _) = Asking::start(&code("ABCD-EFGH"), VISIT, &mut entropy(6));
    let (awaiting, _) = asking.finish(point, fresh).unwrap();
    assert_eq!(awaiting.open(&tag, &sealed), Err(Wrong));
}

#[test]
fn the_guests_own_message_does_not_serve_as_the_hosts() {
    let (asking, start) = Asking::start(&code("ABCD-EFGH"), VISIT, &mut entropy(1));
    let (_, FromGuest::Start { point }) = FromGuest::decode(&start).unwrap() else {
        panic!("a start")
    };
    let (awaiting, confirm) = asking.finish(point, [0; 16]).unwrap();
    let (_, FromGuest::Confirm { tag }) = FromGuest::decode(&confirm).unwrap() else {
        panic!("a confirmation")
    };
    assert_eq!(awaiting.open(&tag, &[0; 92]), Err(Wrong));
}

#[test]
fn a_point_of_small_order_is_refused_by_both() {
    let exchange = Exchange([3; 16]);
    let mut one = [0; 32];
    one[0] = 1;
    for point in [[0; 32], one] {
        let answered =
            Answering::answer(&code("ABCD-EFGH"), VISIT, exchange, point, &mut entropy(2));
        assert!(answered.is_err());
        let (asking, _) = Asking::start(&code("ABCD-EFGH"), VISIT, &mut entropy(1));
        assert!(asking.finish(point, [0; 16]).is_err());
    }
}

#[test]
fn a_changed_grant_does_not_open() {
    let (asking, start) = Asking::start(&code("ABCD-EFGH"), VISIT, &mut entropy(1));
    let (exchange, FromGuest::Start { point }) = FromGuest::decode(&start).unwrap() else {
        panic!("a start")
    };
    let answered =
        Answering::answer(&code("ABCD-EFGH"), VISIT, exchange, point, &mut entropy(2)).unwrap();
    let (_, FromHost::Answer { point, fresh }) = FromHost::decode(&answered.1).unwrap() else {
        panic!("an answer")
    };
    let (awaiting, confirm) = asking.finish(point, fresh).unwrap();
    let (_, FromGuest::Confirm { tag }) = FromGuest::decode(&confirm).unwrap() else {
        panic!("a confirmation")
    };
    let granted = answered.0.confirm(&tag, &grant(), &mut entropy(3)).unwrap();
    let (_, FromHost::Grant { tag, mut sealed }) = FromHost::decode(&granted).unwrap() else {
        panic!("a grant")
    };
    sealed[20] ^= 1;
    assert_eq!(awaiting.open(&tag, &sealed), Err(Wrong));
}

#[test]
fn what_people_type_is_read() {
    let shown = code("ABCD-EFGH");
    assert_eq!(shown.grouped(), "ABCD-EFGH");
    for typed in ["abcdefgh", " AbCd  eFgH ", "ABCD—EFGH", "A.B_C-D E F G H", "ＡＢＣＤ－ｅｆｇｈ"]
    {
        assert_eq!(Passcode::parse(typed), Ok(shown.clone()), "{typed}");
    }
    assert_eq!(code("UUUU-2222"), code("vvvv-2222"));
    for typed in ["", "ABCD-EFG", "ABCD-EFGHJ", "ABCD-EFG0", "ABCD-EFGO", "ABCD-EFG1", "ABCD-ÉFGH"]
    {
        assert_eq!(Passcode::parse(typed), Err(NoPasscode), "{typed}");
    }
    assert_eq!(Passcode::parse(&" ".repeat(10_000)), Err(NoPasscode));
}

#[test]
fn every_character_is_drawn_and_equally_often() {
    let mut random = entropy(7);
    let mut seen = std::collections::BTreeMap::<u8, u32>::new();
    for _ in 0..3_000 {
        let code = Passcode::generate(&mut random);
        assert_eq!(Passcode::from_bytes(*code.expose()), Ok(code.clone()));
        assert_eq!(Passcode::parse(&code.grouped()), Ok(code.clone()));
        code.expose().iter().for_each(|byte| *seen.entry(*byte).or_default() += 1);
    }
    assert_eq!(seen.len(), ALPHABET.len());
    assert!(seen.values().all(|count| (600..1_000).contains(count)), "{seen:?}");
    assert!(Passcode::from_bytes(*b"ABCDEFG0").is_err());
}

#[test]
fn a_broken_source_still_gets_an_answer() {
    let code = Passcode::generate(&mut |out: &mut [u8]| out.fill(0xff));
    assert!(Passcode::from_bytes(*code.expose()).is_ok());
}

#[test]
fn three_failures_stop_a_device_and_ten_stop_everyone() {
    let device = |n: u8| DeviceKey([n; 32]);
    let mut failures = Failures::default();
    assert!((0..GUEST_TRIES).all(|_| failures.count(device(1))));
    assert!(!failures.count(device(1)));
    for n in 2..9 {
        assert!(failures.count(device(n)));
    }
    assert!(failures.is_closed());
    assert!(!failures.count(device(9)));
    assert_eq!(Failures::new(failures.devices().to_vec()), failures);
    failures.forgive(&device(8));
    assert!(!failures.is_closed());
    failures.forgive(&device(77));
    assert_eq!(failures.devices().len(), MEETING_TRIES - 1);
    assert!(Failures::new(vec![device(1); 500]).is_closed());
}

#[test]
fn a_passcode_does_not_print_itself() {
    assert!(!format!("{:?}", code("ABCD-EFGH")).contains("ABCD"));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        crate::fuzzing::passcode(&bytes);
    }

    #[test]
    fn arbitrary_messages_of_the_right_length_never_panic(
        kind in 1u8..5, exchange: [u8; 16], body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        crate::fuzzing::passcode(&[&[kind], exchange.as_slice(), &body].concat());
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,80}") {
        if let Ok(code) = Passcode::parse(&text) {
            prop_assert_eq!(Passcode::parse(&code.grouped()), Ok(code));
        }
    }
}
