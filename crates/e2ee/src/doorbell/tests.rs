use super::*;
use crate::key_package::PendingJoin;
use crate::link::Link;

const MEETING: MeetingId = MeetingId([1; 16]);
const GROUP: GroupId = GroupId([2; 16]);
const NOW: UnixMillis = UnixMillis(1_000_000);
const LATER: UnixMillis = UnixMillis(2_000_000);

/// Random bytes of a linear congruential generator: repeatable, and different at every call.
struct Seeded(u64);

impl Entropy for Seeded {
    fn fill(&mut self, out: &mut [u8]) {
        for byte in out {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = (self.0 >> 33) as u8;
        }
    }
}

/// A host with one link and a bell, and someone at the door who has the link.
struct Door {
    host: HostKey,
    bell: HostDoorbell,
    links: Vec<LinkKeys>,
    nonces: Vec<Nonce>,
    guest: Guest,
    entropy: Seeded,
}

struct Guest {
    device: Device,
    key_package: Vec<u8>,
}

impl Guest {
    fn new(seed: u8) -> Self {
        let device = Device::from_seed(Secret::new([seed; 32]));
        let key_package = PendingJoin::new(&device).unwrap().key_package().to_vec();
        Guest { device, key_package }
    }

    fn key(&self) -> DeviceKey {
        self.device.key()
    }
}

impl Door {
    fn new() -> Self {
        let mut entropy = Seeded(1);
        let host = HostKey::from_seed(Secret::new([9; 32]));
        let link = Link::new(MEETING, &host.public(), &mut entropy);
        let mut bell = HostDoorbell::new(bell(MEETING), &host, &mut entropy);
        let nonces = bell.issue_nonces(4, &mut entropy);
        Door { host, bell, links: vec![link.keys()], nonces, guest: Guest::new(3), entropy }
    }

    fn doorbell(&self) -> VerifiedDoorbell {
        let statement = self.bell.statement();
        VerifiedDoorbell::read(statement, &self.host.public(), &MEETING, NOW).unwrap()
    }

    fn knock(&mut self) -> Vec<u8> {
        self.knock_with(|_| {})
    }

    fn knock_named(&mut self, name: &str) -> Vec<u8> {
        let doorbell = self.doorbell();
        knock(KnockParams { name, ..self.params(&doorbell) }, &mut Seeded(6)).unwrap().0
    }

    fn knock_with(&mut self, change: impl FnOnce(&mut KnockParams<'_>)) -> Vec<u8> {
        let doorbell = self.doorbell();
        let mut params = self.params(&doorbell);
        change(&mut params);
        knock(params, &mut Seeded(5)).unwrap().0
    }

    fn params<'a>(&'a self, doorbell: &'a VerifiedDoorbell) -> KnockParams<'a> {
        KnockParams {
            link: &self.links[0],
            doorbell,
            nonce: self.nonces[0],
            device: &self.guest.device,
            name: "Ana",
            key_package: &self.guest.key_package,
            role: Role::Participant,
        }
    }

    fn open(&mut self, sealed: &[u8]) -> Result<VerifiedKnock, KnockError> {
        let device = self.guest.key();
        self.bell.open(&device, sealed, &self.links, NOW)
    }

    /// The bell as a co-host has it.
    fn taken_over(&self) -> HostDoorbell {
        let shared = self.bell.share().clone();
        let about = (MEETING, GROUP);
        HostDoorbell::take_over(shared, &self.host.public(), about, NOW).unwrap()
    }

    fn refused(&mut self, sealed: &[u8]) -> KnockError {
        self.open(sealed).expect_err("the knock was accepted")
    }
}

fn bell(meeting: MeetingId) -> Bell {
    Bell { meeting, group: GROUP, device: DeviceKey([4; 32]), expiry: LATER }
}

#[test]
fn a_knock_opens_to_what_was_said() {
    let mut door = Door::new();
    let sealed = door.knock();
    let knock = door.open(&sealed).unwrap();
    assert_eq!(knock.device(), door.guest.key());
    assert_eq!(knock.name().expose(), "Ana");
    assert_eq!(knock.invitation(), door.links[0].invitation());
    assert_eq!(knock.role(), Role::Participant);
    assert_eq!(knock.key_package().device(), door.guest.key());
}

#[test]
fn a_knock_hides_the_name_and_its_length() {
    let mut door = Door::new();
    let (short, long) = (door.knock(), door.knock_with(|knock| knock.name = "Anastasia"));
    assert_eq!(short.len(), long.len());
    assert!(!long.windows(9).any(|window| window == b"Anastasia"));
}

#[test]
fn the_name_is_sanitised_before_the_host_sees_it() {
    let mut door = Door::new();
    let sealed = door.knock_with(|knock| knock.name = "\u{202E}Ana\u{200B} <b>");
    assert_eq!(door.open(&sealed).unwrap().name().expose(), "Ana <b>");
}

#[test]
fn a_knock_without_a_name_is_not_made() {
    let door = Door::new();
    let doorbell = door.doorbell();
    let params = KnockParams { name: " \u{200B}", ..door.params(&doorbell) };
    assert_eq!(knock(params, &mut Seeded(5)), Err(MakeKnockError::NoName));
}

#[test]
fn every_nonce_is_good_for_one_knock() {
    let mut door = Door::new();
    for nonce in door.nonces.clone() {
        let sealed = door.knock_with(|knock| knock.nonce = nonce);
        assert!(door.open(&sealed).is_ok());
    }
}

#[test]
fn what_the_host_says_reaches_this_knock_and_no_other_once_and_in_order() {
    let mut door = Door::new();
    let doorbell = door.doorbell();
    let (sealed, mut ana) = knock(door.params(&doorbell), &mut Seeded(5)).unwrap();
    let params = KnockParams { nonce: door.nonces[1], ..door.params(&doorbell) };
    let (_, mut other) = knock(params, &mut Seeded(6)).unwrap();
    let mut verified = door.open(&sealed).unwrap();
    let first = verified.tell("Five minutes", &mut Seeded(7)).unwrap();
    let second = verified.tell("Come in", &mut Seeded(8)).unwrap();
    assert_eq!(other.hear(&first), None);
    assert_eq!(ana.hear(&first).as_deref(), Some("Five minutes"));
    assert_eq!(ana.hear(&first), None, "repeated");
    let mut bent = second.clone();
    bent[20] ^= 1;
    assert_eq!(ana.hear(&bent), None);
    assert_eq!(ana.hear(&second).as_deref(), Some("Come in"));
    assert_eq!(verified.tell(&"x".repeat(MAX_TELL + 1), &mut Seeded(9)), None);
    assert!(verified.tell(&"x".repeat(MAX_TELL), &mut Seeded(9)).unwrap().len() < 4096);
}

#[test]
fn each_device_behind_the_bell_has_a_voice_of_its_own() {
    let mut door = Door::new();
    let doorbell = door.doorbell();
    let (sealed, mut ana) = knock(door.params(&doorbell), &mut Seeded(5)).unwrap();
    let mut cohost = door.taken_over();
    let mut by_host = door.open(&sealed).unwrap();
    let mut by_cohost = cohost.open(&door.guest.key(), &sealed, &door.links, NOW).unwrap();
    for n in 0..2 {
        let (one, other) = (format!("host {n}"), format!("co-host {n}"));
        let told = by_host.tell(&one, &mut Seeded(7 + n)).unwrap();
        assert_eq!(ana.hear(&told), Some(one));
        let told = by_cohost.tell(&other, &mut Seeded(70 + n)).unwrap();
        assert_eq!(ana.hear(&told), Some(other));
        assert_eq!(ana.hear(&told), None, "repeated");
    }
}

#[test]
fn a_cohost_that_was_given_the_bell_opens_what_was_knocked_for_the_host() {
    let mut door = Door::new();
    let mut cohost = door.taken_over();
    assert_eq!(cohost.statement(), door.bell.statement());
    let sealed = door.knock();
    let opened = cohost.open(&door.guest.key(), &sealed, &door.links, NOW).unwrap();
    assert_eq!(opened.name().expose(), "Ana");
    assert!(door.open(&sealed).is_ok(), "each device spends nonces for itself");
    let again = cohost.open(&door.guest.key(), &sealed, &door.links, NOW);
    assert_eq!(again.unwrap_err(), KnockError::Stale);
    let nonce = cohost.issue_nonces(1, &mut door.entropy)[0];
    let sealed = door.knock_with(|knock| knock.nonce = nonce);
    assert!(door.open(&sealed).is_ok(), "the host knows the co-host's nonces");
}

#[test]
fn a_bell_that_hk_did_not_sign_for_this_group_and_key_is_not_taken_over() {
    let door = Door::new();
    let take = |shared: SharedBell, group, now| {
        HostDoorbell::take_over(shared, &door.host.public(), (MEETING, group), now).map(drop)
    };
    let shared = door.bell.share().clone();
    let other_key = SharedBell { seed: Secret::new([1; 32]), ..shared.clone() };
    assert_eq!(take(other_key, GROUP, NOW), Err(StatementError::WrongSubject));
    assert_eq!(take(shared.clone(), GroupId([9; 16]), NOW), Err(StatementError::WrongSubject));
    assert_eq!(take(shared.clone(), GROUP, LATER), Err(StatementError::Expired));
    let mut forged = shared.clone();
    forged.statement[10] ^= 1;
    assert_eq!(take(forged, GROUP, NOW), Err(StatementError::BadSignature));
    let bytes = shared.encode(Writer::new()).finish();
    assert_eq!(SharedBell::decode(&mut Reader::new(&bytes)), Ok(shared.clone()));
    assert_eq!(take(shared, GROUP, NOW), Ok(()));
}

mod must_fail {
    use super::*;

    #[test]
    fn replayed_knock() {
        let mut door = Door::new();
        let sealed = door.knock();
        assert!(door.open(&sealed).is_ok());
        assert_eq!(door.refused(&sealed), KnockError::Stale);
    }

    #[test]
    fn used_nonce() {
        let mut door = Door::new();
        let (first, second) = (door.knock(), door.knock_with(|knock| knock.name = "Ben"));
        assert!(door.open(&first).is_ok());
        assert_eq!(door.refused(&second), KnockError::Stale);
    }

    #[test]
    fn foreign_nonce() {
        let mut door = Door::new();
        let sealed = door.knock_with(|knock| knock.nonce = Nonce([0x55; 16]));
        assert_eq!(door.refused(&sealed), KnockError::Stale);
    }

    #[test]
    fn nonce_of_another_bell() {
        let mut door = Door::new();
        let mut other = HostDoorbell::new(bell(MEETING), &door.host, &mut Seeded(40));
        let nonce = other.issue_nonces(1, &mut Seeded(41))[0];
        let sealed = door.knock_with(|knock| knock.nonce = nonce);
        assert_eq!(door.refused(&sealed), KnockError::Stale);
    }

    #[test]
    fn knock_at_a_worn_bell() {
        let mut door = Door::new();
        let sealed = door.knock();
        let spent = (0..MAX_SPENT as u64).map(|n| {
            let mut nonce = [0; 16];
            nonce[..8].copy_from_slice(&n.to_be_bytes());
            Nonce(nonce)
        });
        door.bell.spent = spent.collect();
        assert!(door.bell.is_worn());
        assert_eq!(door.refused(&sealed), KnockError::Stale);
    }

    #[test]
    fn failed_knock_spends_no_nonce() {
        let mut door = Door::new();
        let sealed = door.knock();
        let mut broken = sealed.clone();
        *broken.last_mut().unwrap() ^= 1;
        assert_eq!(door.refused(&broken), KnockError::Invalid);
        assert!(door.open(&sealed).is_ok());
    }

    #[test]
    fn readdressed_to_another_device() {
        let mut door = Door::new();
        let sealed = door.knock();
        let mallory = Guest::new(66).key();
        let opened = door.bell.open(&mallory, &sealed, &door.links, NOW);
        assert_eq!(opened.unwrap_err(), KnockError::Invalid);
    }

    #[test]
    fn readdressed_to_another_bell() {
        let mut door = Door::new();
        let sealed = door.knock();
        let mut other = HostDoorbell::new(bell(MEETING), &door.host, &mut door.entropy);
        let opened = other.open(&door.guest.key(), &sealed, &door.links, NOW);
        assert_eq!(opened.unwrap_err(), KnockError::Stale);
        // Relabelling it for that bell does not help.
        let relabelled = [&other.bell.tag(), &sealed[8..]].concat();
        let opened = other.open(&door.guest.key(), &relabelled, &door.links, NOW);
        assert_eq!(opened.unwrap_err(), KnockError::Invalid);
    }

    #[test]
    fn readdressed_to_another_meeting_of_the_same_host() {
        let mut door = Door::new();
        let sealed = door.knock();
        let mut other = HostDoorbell::new(bell(MeetingId([7; 16])), &door.host, &mut Seeded(1));
        let relabelled = [&other.bell.tag(), &sealed[8..]].concat();
        let opened = other.open(&door.guest.key(), &relabelled, &door.links, NOW);
        assert_eq!(opened.unwrap_err(), KnockError::Invalid);
    }

    #[test]
    fn name_swapped_between_two_who_wait() {
        // The server gives each the other's sealed knock: who said it no longer matches.
        let mut door = Door::new();
        let ana = door.knock();
        door.guest = Guest::new(4);
        let nonce = door.nonces[1];
        let ben = door.knock_with(|knock| (knock.name, knock.nonce) = ("Ben", nonce));
        assert_eq!(door.refused(&ana), KnockError::Invalid);
        assert_eq!(door.open(&ben).unwrap().name().expose(), "Ben");
    }

    #[test]
    fn key_package_of_someone_else() {
        let mut door = Door::new();
        let other = Guest::new(4).key_package;
        let doorbell = door.doorbell();
        let params = KnockParams { key_package: &other, ..door.params(&doorbell) };
        let (sealed, _) = knock(params, &mut Seeded(5)).unwrap();
        assert_eq!(door.refused(&sealed), KnockError::Invalid);
    }

    #[test]
    fn wrong_link_secret() {
        let mut door = Door::new();
        let other = Link::new(MEETING, &door.host.public(), &mut Seeded(77)).keys();
        let doorbell = door.doorbell();
        let params = KnockParams { link: &other, ..door.params(&doorbell) };
        let (sealed, _) = knock(params, &mut Seeded(5)).unwrap();
        assert_eq!(door.refused(&sealed), KnockError::Invalid);
        // Nor under the invitation id of the right link.
        let renamed = [&sealed[..8], &door.links[0].invitation().0, &sealed[16..]].concat();
        assert_eq!(door.refused(&renamed), KnockError::Invalid);
    }

    #[test]
    fn revoked_link() {
        let mut door = Door::new();
        let sealed = door.knock();
        door.links.clear();
        assert_eq!(door.refused(&sealed), KnockError::Invalid);
    }

    #[test]
    fn role_above_participant() {
        for role in [Role::Recorder, Role::Gateway, Role::Cohost, Role::Host] {
            let mut door = Door::new();
            let sealed = door.knock_with(|knock| knock.role = role);
            assert_eq!(door.refused(&sealed), KnockError::Invalid);
        }
    }

    #[test]
    fn flipped_byte() {
        let mut door = Door::new();
        let sealed = door.knock();
        for at in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            door.refused(&flipped);
        }
    }

    #[test]
    fn cut_knock() {
        let mut door = Door::new();
        let sealed = door.knock();
        for len in (0..sealed.len()).step_by(7) {
            door.refused(&sealed[..len]);
        }
        assert_eq!(door.refused(&vec![0; MAX_KNOCK + 1]), KnockError::Invalid);
    }

    #[test]
    fn knock_after_the_bell_expired() {
        let mut door = Door::new();
        let sealed = door.knock();
        let opened = door.bell.open(&door.guest.key(), &sealed, &door.links, LATER);
        assert_eq!(opened.unwrap_err(), KnockError::Stale);
    }

    #[test]
    fn doorbell_of_another_host() {
        let door = Door::new();
        let other = HostKey::from_seed(Secret::new([10; 32])).public();
        let read = VerifiedDoorbell::read(door.bell.statement(), &other, &MEETING, NOW);
        assert_eq!(read.unwrap_err(), StatementError::BadSignature);
    }

    #[test]
    fn doorbell_of_another_meeting() {
        let door = Door::new();
        let (bell, hk) = (door.bell.statement(), door.host.public());
        let read = VerifiedDoorbell::read(bell, &hk, &MeetingId([8; 16]), NOW);
        assert_eq!(read.unwrap_err(), StatementError::WrongSubject);
    }

    #[test]
    fn expired_doorbell() {
        let door = Door::new();
        let (bell, hk) = (door.bell.statement(), door.host.public());
        let read = VerifiedDoorbell::read(bell, &hk, &MEETING, LATER);
        assert_eq!(read.unwrap_err(), StatementError::Expired);
    }

    #[test]
    fn doorbell_with_a_key_that_is_no_key() {
        let door = Door::new();
        let weak = door.host.sign_doorbell(&Doorbell {
            meeting: MEETING,
            group: GROUP,
            device: DeviceKey([4; 32]),
            hpke: [0; 32],
            expiry: LATER,
        });
        let doorbell = VerifiedDoorbell::read(&weak, &door.host.public(), &MEETING, NOW).unwrap();
        let params = door.params(&doorbell);
        assert_eq!(knock(params, &mut Seeded(1)), Err(MakeKnockError::BadDoorbell));
    }
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn garbage_is_never_a_knock(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut door = Door::new();
            door.refused(&bytes);
            let addressed = [&door.bell.bell.tag(), &door.links[0].invitation().0, &bytes[..]];
            let addressed = addressed.concat();
            prop_assert_eq!(door.refused(&addressed), KnockError::Invalid);
        }

        #[test]
        fn any_visible_name_arrives_sanitised(name in "\\PC{1,100}") {
            let mut door = Door::new();
            let Some(clean) = sanitise_name(&name) else { return Ok(()) };
            let sealed = door.knock_named(&name);
            let knock = door.open(&sealed).unwrap();
            prop_assert_eq!(knock.name().expose(), &clean);
        }
    }
}
