use super::*;
use proptest::prelude::*;

fn link(seed: u8) -> Link {
    Link::new(MeetingId([1; 16]), &MeetingKey([2; 32]), &mut |out: &mut [u8]| out.fill(seed))
}

fn psk() -> GroupPsk {
    GroupPsk::new(Secret::new([7; 32]))
}

fn card_key() -> CardKey {
    CardKey::new(Secret::new([8; 32]))
}

fn wrapped(keys: &LinkKeys) -> Vec<u8> {
    keys.wrap_psk(&psk(), &card_key(), &mut |out: &mut [u8]| out.fill(3))
}

#[test]
fn a_link_reads_back_with_or_without_its_hash_sign() {
    let link = link(9);
    let id = link.meeting.to_text();
    assert_eq!(Link::parse(&id, &link.fragment()), Ok(link.clone()));
    assert_eq!(Link::parse(&id, &format!(" #{} ", link.fragment())), Ok(link.clone()));
    assert_eq!(link.path(), format!("/m/{id}#{}", link.fragment()));
}

#[test]
fn damaged_links_are_told_apart() {
    let link = link(9);
    let (id, fragment) = (link.meeting.to_text(), link.fragment());
    assert_eq!(Link::parse("nonsense", &fragment), Err(LinkError::NoMeeting));
    assert_eq!(Link::parse(&id, ""), Err(LinkError::NoSecret));
    assert_eq!(Link::parse(&id, "#"), Err(LinkError::NoSecret));
    assert_eq!(Link::parse(&id, &fragment.replacen('1', "2", 1)), Err(LinkError::OtherVersion));
    for cut in 2..fragment.len() {
        assert_eq!(Link::parse(&id, &fragment[..cut]), Err(LinkError::Damaged));
    }
    assert_eq!(Link::parse(&id, &format!("{fragment}x")), Err(LinkError::Damaged));
    assert_eq!(Link::parse(&id, &"1.".repeat(5000)), Err(LinkError::Damaged));
}

#[test]
fn wrong_host_fingerprint() {
    assert_eq!(link(9).check_key(&MeetingKey([2; 32])), Ok(()));
    assert_eq!(link(9).check_key(&MeetingKey([3; 32])), Err(WrongHostKey));
}

#[test]
fn the_wrap_opens_to_what_was_wrapped() {
    let keys = link(9).keys();
    assert_eq!(keys.unwrap_psk(&wrapped(&keys)), Ok((psk(), card_key())));
}

#[test]
fn wrap_of_another_link_or_meeting() {
    let keys = link(9).keys();
    assert_eq!(link(10).keys().unwrap_psk(&wrapped(&keys)), Err(Unopened));
    let elsewhere = Link { meeting: MeetingId([5; 16]), ..link(9) };
    assert_eq!(elsewhere.keys().unwrap_psk(&wrapped(&keys)), Err(Unopened));
}

#[test]
fn flipped_byte_of_a_wrap() {
    let keys = link(9).keys();
    let wrapped = wrapped(&keys);
    for at in 0..wrapped.len() {
        let mut flipped = wrapped.clone();
        flipped[at] ^= 1;
        assert_eq!(keys.unwrap_psk(&flipped), Err(Unopened));
    }
}

#[test]
fn the_invitation_id_and_the_keys_differ_from_the_secret_and_from_each_other() {
    let keys = link(9).keys();
    assert_ne!(keys.knock, keys.wrap);
    assert_ne!(keys.knock, link(9).secret);
    assert_ne!(keys.invitation.0, keys.knock.expose()[..8]);
    assert_ne!(keys.invitation, link(10).keys().invitation);
}

#[test]
fn a_link_does_not_print_its_secret() {
    let link = link(9);
    let printed = format!("{link:?}");
    assert!(
        !printed.contains("9, 9, 9") && !printed.contains(&link.fragment()[2..20]),
        "{printed}"
    );
}

proptest! {
    #[test]
    fn every_link_reads_back(meeting: [u8; 16], secret: [u8; 32], fingerprint: [u8; 16]) {
        let link = Link {
            meeting: MeetingId(meeting),
            secret: Secret::new(secret),
            fingerprint: Fingerprint(fingerprint),
        };
        prop_assert_eq!(Link::parse(&meeting_text(meeting), &link.fragment()), Ok(link));
    }

    #[test]
    fn whatever_parses_has_one_form(id in "[A-Za-z0-9_-]{20,24}", fragment in "#?1\\.[A-Za-z0-9_.-]{0,90}") {
        if let Ok(link) = Link::parse(&id, &fragment) {
            prop_assert_eq!(link.fragment(), fragment.trim_start_matches('#'));
            prop_assert_eq!(link.meeting.to_text(), id);
        }
    }
}

fn meeting_text(bytes: [u8; 16]) -> String {
    MeetingId(bytes).to_text()
}
