//! Which changes of the policy are allowed to whom.

use super::changes::{Changes, Claims};
use super::{Violation, delegate_role};
use crate::facts::GroupFacts;
use crate::policy::Policy;
use base::DeviceKey;
use base::statement::Role;

/// The new policy, if the commit changes it and may. A commit by which a delegate removes anyone
/// must record the removal there, so that members who join later refuse the same devices.
pub(super) fn check(
    group: GroupFacts<'_>,
    committer: &DeviceKey,
    changes: &Changes,
    claims: &Claims,
) -> Result<Option<Policy>, Violation> {
    let Some(bytes) = &changes.policy else {
        let recorded = claims.removed.is_empty();
        return if recorded { Ok(None) } else { Err(unrecorded(group, committer)) };
    };
    let new = Policy::decode(bytes).map_err(|_| Violation::MalformedPolicy)?;
    let role = delegate_role(group.policy, committer)?;
    if !records_removals(group, &new, claims, role) {
        return Err(Violation::RemovalNotRecorded);
    }
    if !claims.removed.is_empty() && new.rules != new.rules.clone().after_removal() {
        return Err(Violation::DoorLeftOpen);
    }
    if !group.policy.rules.may_become(&new.rules, is_occupied(group)) {
        return Err(Violation::TwoParties);
    }
    if !only_allowed_fields_change(group.policy, &new, role) {
        return Err(Violation::PolicyOverreach);
    }
    if new.psk != group.policy.psk && !is_rotation(group, changes, &new) {
        return Err(Violation::BadRotation);
    }
    Ok(Some(new))
}

/// Every member derives the next PSK from this epoch's exporter, and so does whoever a commit removes;
/// whoever it adds does not. A rotation is a commit that does neither.
fn is_rotation(group: GroupFacts<'_>, changes: &Changes, new: &Policy) -> bool {
    changes.adds.is_empty() && changes.removes.is_empty() && Some(new.psk) == group.next_psk
}

/// Whoever this commit removes is recorded. A delegate may ban devices that are no members, too;
/// only the host lets a device knock again.
fn records_removals(group: GroupFacts<'_>, new: &Policy, claims: &Claims, role: Role) -> bool {
    let old = group.policy;
    let known =
        |device: &DeviceKey| old.removed.contains(device) || claims.removed.contains(device);
    let banned: Vec<_> = new.removed.iter().copied().filter(|device| !known(device)).collect();
    if banned.iter().any(|device| group.roster.leaf_of(device).is_some()) {
        return false;
    }
    let mut expected = old.removed_with(&[&claims.removed[..], &banned].concat());
    if role == Role::Host {
        expected.retain(|d| new.removed.contains(d) || claims.removed.contains(d));
    }
    new.removed == expected
}

/// Whether anyone but the host's side is a member, before this commit: whoever it removes has keys
/// until then.
fn is_occupied(group: GroupFacts<'_>) -> bool {
    group.roster.iter().any(|(_, seat)| !seat.role.is_delegate())
}

/// Someone without rights is told so, whatever else is wrong.
fn unrecorded(group: GroupFacts<'_>, committer: &DeviceKey) -> Violation {
    delegate_role(group.policy, committer).err().unwrap_or(Violation::RemovalNotRecorded)
}

fn only_allowed_fields_change(old: &Policy, new: &Policy, role: Role) -> bool {
    let host = role == Role::Host;
    let expected = Policy {
        version: old.version.wrapping_add(1),
        rules: new.rules.clone(),
        removed: new.removed.clone(),
        psk: if host { new.psk } else { old.psk },
        certificates: if host { &new.certificates } else { &old.certificates }.clone(),
        ..old.clone()
    };
    *new == expected && (new.certificates == old.certificates || is_sound(old, new))
}

/// Another device may become the host's, if the one that was stays of the host's side: nobody is left
/// outside by what HK signed.
fn is_sound(old: &Policy, new: &Policy) -> bool {
    let stays = |host| new.role_of(&host).is_some_and(Role::is_delegate);
    new.certificates_are_sound() && (new.host() == old.host() || old.host().is_some_and(stays))
}
