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
    if new.removed != group.policy.removed_with(&claims.removed) {
        return Err(Violation::RemovalNotRecorded);
    }
    if only_allowed_fields_change(group.policy, &new, role) {
        Ok(Some(new))
    } else {
        Err(Violation::PolicyOverreach)
    }
}

/// Someone without rights is told so, whatever else is wrong.
fn unrecorded(group: GroupFacts<'_>, committer: &DeviceKey) -> Violation {
    delegate_role(group.policy, committer).err().unwrap_or(Violation::RemovalNotRecorded)
}

fn only_allowed_fields_change(old: &Policy, new: &Policy, role: Role) -> bool {
    let expected = Policy {
        version: old.version.wrapping_add(1),
        locked: new.locked,
        removed: new.removed.clone(),
        certificates: if role == Role::Host { &new.certificates } else { &old.certificates }
            .clone(),
        ..old.clone()
    };
    *new == expected && (new.certificates == old.certificates || is_sound(old, new))
}

fn is_sound(old: &Policy, new: &Policy) -> bool {
    new.certificates_are_sound() && new.host() == old.host()
}
