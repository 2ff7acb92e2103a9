//! The policy check against commits that are valid but for a few bends, judged a second time by an
//! independent statement of what must never happen.

use crate::facts::{CommitFacts, GroupFacts, PathFact, ProposalFact, ProposalKind, SenderFact};
use crate::identity::{Device, HostKey};
use crate::manifest::{AdmissionEntry, Manifest};
use crate::policy::Policy;
use crate::roster::{Roster, Seat};
use crate::rules::{Allowed, MAX_PROPOSALS, check};
use base::statement::{Certificate, Leave, Role, Swap};
use base::{AutoAdmit, DeviceKey, GroupId, MeetingId, Party, Secret, UnixMillis};
use std::sync::LazyLock;

const MEETING: MeetingId = MeetingId([1; 16]);
const GROUP: GroupId = GroupId([2; 16]);
const EPOCH: u64 = 100;
/// Host 0 and co-host 1 are certified, 2 to 5 are guests, 6 is outside, 7 was removed.
const DEVICES: u8 = 8;
const MEMBERS: u8 = 6;
const PSK: [u8; 16] = [4; 16];
/// What a rotation leads to.
const NEXT_PSK: [u8; 16] = [5; 16];

struct World {
    devices: Vec<Device>,
    keys: Vec<DeviceKey>,
    roster: Roster,
    policy: Policy,
    /// Certificates that are not in the policy: by HK for a guest, and by a foreign key.
    spare: Vec<Vec<u8>>,
}

static WORLD: LazyLock<World> = LazyLock::new(World::new);

impl World {
    fn new() -> Self {
        let seed = |n: u8| Secret::new([n; 32]);
        let devices: Vec<_> = (0..DEVICES).map(|n| Device::from_seed(seed(n))).collect();
        let keys: Vec<_> = devices.iter().map(Device::key).collect();
        let (hk, foreign) = (HostKey::from_seed(seed(200)), HostKey::from_seed(seed(201)));
        let certify = |by: &HostKey, device: DeviceKey, role| {
            let (meeting, group, expiry) = (MEETING, GROUP, UnixMillis(u64::MAX));
            by.certify(&Certificate { meeting, group, device, role, serial: 1, expiry })
        };
        let host = certify(&hk, keys[0], Role::Host);
        let mut policy = Policy::new(MEETING, GROUP, hk.public(), PSK, host);
        policy.certificates.push(certify(&hk, keys[1], Role::Cohost));
        policy.removed.push(keys[7]);
        let spare = vec![
            certify(&hk, keys[2], Role::Cohost),
            certify(&hk, keys[2], Role::Host),
            certify(&foreign, keys[2], Role::Cohost),
        ];
        let seat = |n: u8| (n.into(), Seat { device: keys[n as usize], role: Role::Participant });
        let roster = (0..MEMBERS).map(seat).collect();
        World { devices, keys, roster, policy, spare }
    }
}

/// Bytes as choices; zero when they run out.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn below(&mut self, n: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first as usize % n
    }

    fn flag(&mut self) -> bool {
        self.below(2) == 1
    }
}

/// A commit under construction.
struct Draft {
    sender: SenderFact,
    path: Option<PathFact>,
    proposals: Vec<ProposalFact>,
    manifest: Manifest,
    removed: Vec<DeviceKey>,
}

/// Builds a commit from `data`, checks it, and asserts what must hold if it passes.
pub fn commit_facts(data: &[u8]) {
    let mut choices = Choices(data);
    let world = &*WORLD;
    let mut policy = world.policy.clone();
    policy.rules.locked = choices.below(8) == 7;
    policy.rules.frozen = choices.below(8) == 7;
    policy.rules.consulting = (choices.below(4) == 3).then_some(Party([1; 8]));
    let commit = draft(world, &policy, &mut choices);
    let group = group_facts(world, &policy);
    if let Ok(allowed) = check(group, &commit) {
        assert_allowed(world, &policy, &commit, &allowed);
    }
}

fn group_facts<'a>(world: &'a World, policy: &'a Policy) -> GroupFacts<'a> {
    GroupFacts { epoch: EPOCH, policy, roster: &world.roster, next_psk: Some(NEXT_PSK) }
}

fn draft(world: &World, policy: &Policy, choices: &mut Choices<'_>) -> CommitFacts {
    let kept =
        PathFact { keeps_signature_key: true, keeps_credential: true, keeps_extensions: true };
    let mut draft = Draft {
        sender: SenderFact::Member(choices.below(MEMBERS as usize + 1) as u32),
        path: Some(kept),
        proposals: Vec::new(),
        manifest: Manifest::default(),
        removed: Vec::new(),
    };
    for _ in 0..choices.below(5) {
        draft.change(world, choices);
    }
    draft.complete(policy);
    for _ in 0..choices.below(4) {
        draft.bend(world, policy, choices);
    }
    CommitFacts { sender: draft.sender, path: draft.path, proposals: draft.proposals }
}

impl Draft {
    fn push(&mut self, kind: ProposalKind) {
        self.proposals.push(ProposalFact { inline: true, kind });
    }

    /// One well-formed change, though perhaps not the sender's to make.
    fn change(&mut self, world: &World, choices: &mut Choices<'_>) {
        match choices.below(4) {
            0 => self.admit(world, choices),
            1 => self.remove(world, choices),
            2 => self.swap(world, choices),
            _ => self.leave(world, choices),
        }
    }

    fn admit(&mut self, world: &World, choices: &mut Choices<'_>) {
        let device = world.keys[DEVICES as usize - 2 + usize::from(choices.below(8) == 7)];
        let role = [Role::Participant, Role::Viewer, Role::Cohost, Role::Host][choices.below(4)];
        let key_package = [choices.below(4) as u8; 32];
        self.push(ProposalKind::Add { key_package, device: Some(device) });
        self.manifest.admissions.push(AdmissionEntry { key_package, device, role });
    }

    fn remove(&mut self, world: &World, choices: &mut Choices<'_>) {
        let leaf = choices.below(MEMBERS as usize + 1) as u32;
        self.push(ProposalKind::Remove { leaf });
        self.removed.extend(world.keys.get(leaf as usize));
    }

    fn swap(&mut self, world: &World, choices: &mut Choices<'_>) {
        let (who, signer) = self.who_and_signer(choices);
        let key_package = [10 + choices.below(2) as u8; 32];
        let device = world.keys[who];
        let epoch = EPOCH - 30 * choices.below(4) as u64;
        let swap = Swap { group: GROUP, device, key_package, epoch };
        self.manifest.swaps.push(world.devices[signer].signer().sign(&swap));
        self.push(ProposalKind::Add { key_package, device: Some(device) });
        self.push(ProposalKind::Remove { leaf: who as u32 });
    }

    fn leave(&mut self, world: &World, choices: &mut Choices<'_>) {
        let (who, signer) = self.who_and_signer(choices);
        let leave = Leave { group: GROUP, device: world.keys[who], epoch: EPOCH };
        self.manifest.leaves.push(world.devices[signer].signer().sign(&leave));
        self.push(ProposalKind::Remove { leaf: who as u32 });
    }

    fn who_and_signer(&self, choices: &mut Choices<'_>) -> (usize, usize) {
        let who = choices.below(MEMBERS as usize);
        (who, if choices.below(8) == 7 { choices.below(DEVICES as usize) } else { who })
    }

    /// PSK, manifest and policy as an honest committer would add them.
    fn complete(&mut self, policy: &Policy) {
        let adds = |p: &ProposalFact| matches!(p.kind, ProposalKind::Add { .. });
        if self.proposals.iter().any(adds) {
            self.push(ProposalKind::Psk { id: Some(PSK.to_vec()) });
        }
        if !self.manifest.is_empty() {
            self.push(ProposalKind::Manifest(self.manifest.encode()));
        }
        if !self.removed.is_empty() {
            let removed = policy.removed_with(&self.removed);
            let version = policy.version + 1;
            self.push(new_policy(&Policy { version, removed, ..policy.clone() }));
        }
    }

    /// One thing a dishonest committer might do.
    fn bend(&mut self, world: &World, policy: &Policy, choices: &mut Choices<'_>) {
        let at = choices.below(self.proposals.len().max(1));
        match choices.below(10) {
            0 => self.sender = SenderFact::Outside,
            1 if at < self.proposals.len() => drop(self.proposals.remove(at)),
            2 if at < self.proposals.len() => self.proposals.push(self.proposals[at].clone()),
            3 if at < self.proposals.len() => self.proposals[at].inline = false,
            4 => self.path = None,
            5 => self.bend_path(choices),
            6 => self.push(ProposalKind::Foreign),
            7 => self.push(ProposalKind::Add { key_package: [99; 32], device: None }),
            8 => self.push(bent_policy(world, policy, choices)),
            _ => self.push(ProposalKind::Psk { id: choices.flag().then(|| vec![0; 16]) }),
        }
    }

    fn bend_path(&mut self, choices: &mut Choices<'_>) {
        self.path = Some(PathFact {
            keeps_signature_key: choices.flag(),
            keeps_credential: choices.flag(),
            keeps_extensions: choices.flag(),
        });
    }
}

const OPEN_DOOR: AutoAdmit = AutoAdmit { until: UnixMillis(9), cap: 9, shared_links: true };

fn new_policy(policy: &Policy) -> ProposalKind {
    ProposalKind::Extensions { policy: Some(policy.encode()), keeps_others: true }
}

fn bent_policy(world: &World, policy: &Policy, choices: &mut Choices<'_>) -> ProposalKind {
    let mut new = Policy { version: policy.version + 1, ..policy.clone() };
    match choices.below(8) {
        0 => match choices.below(3) {
            0 => new.rules.locked = !new.rules.locked,
            1 => new.rules.consulting = Some(Party([2; 8])),
            _ => new.rules.auto_admit = Some(OPEN_DOOR),
        },
        1 => new.version += 1,
        2 => new.hk = base::MeetingKey([0; 32]),
        3 => new.removed.clear(),
        4 => new.psk = if choices.flag() { NEXT_PSK } else { [0; 16] },
        5 => new.certificates.truncate(1),
        6 => return ProposalKind::Extensions { policy: Some(new.encode()), keeps_others: false },
        _ => new.certificates.push(world.spare[choices.below(world.spare.len())].clone()),
    }
    new_policy(&new)
}

/// What must hold of every commit that passes, said without the checking code.
fn assert_allowed(world: &World, old: &Policy, commit: &CommitFacts, allowed: &Allowed) {
    let sender = match commit.sender {
        SenderFact::Member(leaf) => leaf as usize,
        SenderFact::Outside => panic!("an outsider's commit passed"),
    };
    assert!(sender < MEMBERS as usize && allowed.committer == world.keys[sender]);
    assert!(commit.proposals.len() <= MAX_PROPOSALS);
    assert!(commit.proposals.iter().all(|proposal| proposal.inline));
    assert!(commit.path.is_none_or(|path| path.keeps_signature_key
        && path.keeps_credential
        && path.keeps_extensions));
    let delegate = sender <= 1;
    assert_adds(world, old, commit, allowed, sender);
    assert_removes(world, commit, allowed, delegate);
    if let Some(new) = &allowed.policy {
        assert!(delegate, "a guest changed the policy");
        assert_eq!((new.version, new.hk), (old.version + 1, old.hk));
        let rotated = (new.psk != old.psk).then_some(new.psk);
        if let Some(psk) = rotated {
            assert_eq!((sender, psk), (0, NEXT_PSK), "only the host, only to what follows");
            let members = |p: &ProposalFact| {
                matches!(p.kind, ProposalKind::Add { .. } | ProposalKind::Remove { .. })
            };
            assert!(!commit.proposals.iter().any(members), "rotated for whoever comes or goes");
        }
        assert!(
            sender == 0 || new.removed.contains(&world.keys[7]),
            "a delegate let a removed device knock again"
        );
        assert!(sender == 0 || new.certificates == old.certificates);
        assert_eq!(new.host(), Some(world.keys[0]));
        let party = (old.rules.consulting, new.rules.consulting);
        assert!(
            !matches!(party, (Some(before), Some(after)) if before != after),
            "another party was let in beside guests"
        );
        assert!(allowed.removed.is_empty() || new.rules.auto_admit.is_none());
    }
}

fn assert_adds(
    world: &World,
    old: &Policy,
    commit: &CommitFacts,
    allowed: &Allowed,
    sender: usize,
) {
    let added: Vec<_> = commit
        .proposals
        .iter()
        .filter_map(|proposal| match proposal.kind {
            ProposalKind::Add { device, .. } => Some(device.expect("only known devices pass")),
            _ => None,
        })
        .collect();
    assert_eq!(added.len(), allowed.admitted.len() + allowed.swapped.len());
    let psks = commit.proposals.iter().filter(|p| matches!(p.kind, ProposalKind::Psk { .. }));
    assert_eq!(psks.count(), usize::from(!added.is_empty()));
    for entry in &allowed.admitted {
        assert!(sender <= 1, "someone not certified admitted");
        assert!(!old.rules.locked && !old.rules.frozen, "admitted while locked");
        assert_eq!(entry.device, world.keys[6], "admitted a member or a removed device");
        assert!(entry.role <= Role::Participant, "granted a role nobody certified");
    }
    for device in &allowed.swapped {
        let leaf = world.roster.leaf_of(device).expect("only members swap");
        assert!(commit.proposals.iter().any(|p| p.kind == ProposalKind::Remove { leaf }));
        assert!(signed(commit, device), "swapped without the device's word");
    }
}

fn assert_removes(world: &World, commit: &CommitFacts, allowed: &Allowed, delegate: bool) {
    let removes =
        commit.proposals.iter().filter(|p| matches!(p.kind, ProposalKind::Remove { .. })).count();
    assert_eq!(removes, allowed.removed.len() + allowed.swapped.len() + allowed.left.len());
    assert!(allowed.removed.is_empty() || delegate, "a guest removed somebody");
    assert!(!allowed.removed.contains(&world.keys[0]), "the host was removed");
    for device in &allowed.removed {
        let policy = allowed.policy.as_ref().expect("removals are recorded");
        assert!(policy.removed.contains(device));
    }
    assert!(allowed.left.iter().all(|device| signed(commit, device)));
}

/// Whether the manifest holds any statement that verifies under this device's own key.
fn signed(commit: &CommitFacts, device: &DeviceKey) -> bool {
    use base::statement::Unverified;
    let manifests = commit.proposals.iter().filter_map(|proposal| match &proposal.kind {
        ProposalKind::Manifest(bytes) => Manifest::decode(bytes).ok(),
        _ => None,
    });
    let by_device = |swap: &Vec<u8>, leave: bool| match leave {
        true => Unverified::<Leave>::read(swap).is_ok_and(|u| u.verify(&device.0).is_ok()),
        false => Unverified::<Swap>::read(swap).is_ok_and(|u| u.verify(&device.0).is_ok()),
    };
    manifests.into_iter().any(|manifest| {
        manifest.swaps.iter().any(|bytes| by_device(bytes, false))
            || manifest.leaves.iter().any(|bytes| by_device(bytes, true))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn nothing_the_hosts_side_did_not_sign_adds_anyone(
            data in proptest::collection::vec(any::<u8>(), 0..48)
        ) {
            commit_facts(&data);
        }
    }

    /// The property would be empty if bent commits never passed or honest ones were not among them.
    #[test]
    fn the_generator_makes_commits_that_pass_of_every_sort() {
        let (mut passed, mut admitted, mut removed, mut swapped, mut left) = (0, 0, 0, 0, 0);
        let world = &*WORLD;
        let mut state = 1u64;
        for _ in 0..20_000 {
            let data: Vec<u8> = (0..32).map(|_| next(&mut state)).collect();
            let commit = draft(world, &world.policy, &mut Choices(&data));
            let group = group_facts(world, &world.policy);
            let Ok(allowed) = check(group, &commit) else { continue };
            passed += 1;
            admitted += allowed.admitted.len();
            removed += allowed.removed.len();
            swapped += allowed.swapped.len();
            left += allowed.left.len();
        }
        assert!(passed > 1_000 && passed < 19_000, "{passed} of 20,000 pass");
        for sort in [admitted, removed, swapped, left] {
            assert!(sort > 50, "{admitted} {removed} {swapped} {left}");
        }
    }

    fn next(state: &mut u64) -> u8 {
        *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (*state >> 33) as u8
    }
}
