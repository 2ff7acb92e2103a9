//! The waiting room's data: doorbells with their nonces, invitations, and who rings and knocks.
//! What one visitor does never leads to a message to another; only bounds are shared.

use crate::input::{ConnectionId, Invitation, InvitationId, KnockId};
use crate::limits;
use crate::output::Blob;
use crate::pace::Pace;
use crate::verified::Verified;
use base::statement::Doorbell;
use base::{DeviceKey, Nonce, UnixMillis};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Default)]
pub(crate) struct Lobby {
    bells: BTreeMap<DeviceKey, Bell>,
    spent: Spent,
    invitations: BTreeMap<InvitationId, Sealed>,
    ringing: BTreeMap<ConnectionId, Ringing>,
    knocks: BTreeMap<KnockId, Knock>,
    by_visitor: BTreeMap<ConnectionId, KnockId>,
    last_knock: u64,
    /// Everybody's steps towards proving the passcode.
    pub passcode: Pace,
}

/// The HPKE key of a doorbell. Several devices of the host's side may stand behind one.
pub(crate) type BellKey = [u8; 32];

/// What a device that can open knocks gave for that.
struct Bell {
    doorbell: Verified<Doorbell>,
    nonces: VecDeque<Nonce>,
    /// Whether it was asked for nonces since it gave some.
    asked: bool,
}

/// The blobs of one invitation.
#[derive(Clone)]
pub(crate) struct Sealed {
    pub wrap: Blob,
    pub card: Blob,
}

#[derive(Clone, Copy)]
struct Ringing {
    invitation: InvitationId,
    /// The doorbell it was handed.
    bell: Option<BellKey>,
}

pub(crate) struct Knock {
    pub id: KnockId,
    pub visitor: ConnectionId,
    pub device: DeviceKey,
    /// Who stands behind this doorbell can open it.
    pub bell: BellKey,
    pub sealed: Blob,
}

/// A doorbell and the nonce to knock with.
pub(crate) struct Handed {
    pub doorbell: Blob,
    pub nonce: Nonce,
    /// Whether its owner is to be asked for more nonces.
    pub low: bool,
}

impl Lobby {
    pub fn waiting(&self) -> usize {
        self.knocks.len()
    }

    pub fn has_bell(&self, owner: DeviceKey) -> bool {
        self.bells.contains_key(&owner)
    }

    /// The doorbell that this device stands behind.
    pub fn bell_of(&self, owner: DeviceKey) -> Option<BellKey> {
        self.bells.get(&owner).map(Bell::key)
    }

    /// Every device that stands behind a doorbell.
    pub fn owners(&self) -> Vec<DeviceKey> {
        self.bells.keys().copied().collect()
    }

    /// Those that stand behind this one.
    pub fn owners_of(&self, bell: BellKey) -> impl Iterator<Item = DeviceKey> {
        self.bells.iter().filter(move |(_, b)| b.key() == bell).map(|(owner, _)| *owner)
    }

    /// The blobs of an invitation; `None` if it is unknown or revoked.
    pub fn sealed_for(&self, visitor: ConnectionId) -> Option<Sealed> {
        let invitation = self.ringing.get(&visitor)?.invitation;
        self.invitations.get(&invitation).cloned()
    }

    pub fn invite(&mut self, invitations: Vec<Invitation>) {
        let sealed = |i: Invitation| (i.id, Sealed { wrap: i.wrap.into(), card: i.card.into() });
        self.invitations = invitations.into_iter().map(sealed).collect();
    }

    /// Installs or refills what `owner` gives for a doorbell; nonces of another HPKE key are dropped.
    /// True if it stands behind this doorbell newly.
    pub fn hang(
        &mut self,
        owner: DeviceKey,
        doorbell: Verified<Doorbell>,
        nonces: Vec<Nonce>,
    ) -> bool {
        let before = self.bells.remove(&owner);
        let kept = before.filter(|b| b.doorbell.statement().hpke == doorbell.statement().hpke);
        let is_new = kept.is_none();
        let mut queue = kept.map(|bell| bell.nonces).unwrap_or_default();
        for nonce in nonces {
            if queue.len() < limits::NONCES && !queue.contains(&nonce) && !self.spent.has(&nonce) {
                queue.push_back(nonce);
            }
        }
        self.bells.insert(owner, Bell { doorbell, nonces: queue, asked: false });
        self.forget_handed();
        is_new
    }

    /// A doorbell's owner is away. Whoever was handed it waits for another, unless somebody else stands
    /// behind it.
    pub fn unhang(&mut self, owner: DeviceKey) {
        self.bells.remove(&owner);
        self.forget_handed();
    }

    fn forget_handed(&mut self) {
        let kept: BTreeSet<_> = self.bells.values().map(Bell::key).collect();
        for ringing in self.ringing.values_mut() {
            ringing.bell = ringing.bell.filter(|bell| kept.contains(bell));
        }
    }

    pub fn unhang_all(&mut self) {
        self.bells.clear();
        self.ringing.values_mut().for_each(|ringing| ringing.bell = None);
    }

    /// Of these devices, the first whose doorbell can be handed out.
    pub fn ready_bell(&self, owners: &[DeviceKey], now: UnixMillis) -> Option<DeviceKey> {
        let ready = |bell: &Bell| !bell.nonces.is_empty() && bell.is_valid(now);
        owners.iter().copied().find(|owner| self.bells.get(owner).is_some_and(ready))
    }

    pub fn ring(&mut self, visitor: ConnectionId, invitation: InvitationId) {
        self.ringing.insert(visitor, Ringing { invitation, bell: None });
    }

    /// Who rang and was not handed a doorbell, in the order of their arrival.
    pub fn unanswered(&self) -> Vec<ConnectionId> {
        let unanswered = self.ringing.iter().filter(|(_, ringing)| ringing.bell.is_none());
        unanswered.map(|(visitor, _)| *visitor).collect()
    }

    /// Hands `owner`'s doorbell and its next nonce to a visitor that rang.
    pub fn hand_out(&mut self, visitor: ConnectionId, owner: DeviceKey) -> Option<Handed> {
        let ringing = self.ringing.get_mut(&visitor)?;
        let bell = self.bells.get_mut(&owner)?;
        let nonce = bell.nonces.pop_front()?;
        self.spent.insert(nonce);
        ringing.bell = Some(bell.key());
        let low = bell.nonces.len() < limits::NONCES_LOW && !bell.asked;
        bell.asked |= low;
        Some(Handed { doorbell: bell.doorbell.bytes().clone(), nonce, low })
    }

    /// Uses up the doorbell that a visitor was handed.
    pub fn take_bell(&mut self, visitor: ConnectionId) -> Option<BellKey> {
        let bell = self.ringing.get(&visitor)?.bell?;
        self.ringing.remove(&visitor);
        Some(bell)
    }

    /// Adds a knock. Its id follows the clock, so that none repeats after a restart.
    pub fn knock(
        &mut self,
        now: UnixMillis,
        visitor: ConnectionId,
        device: DeviceKey,
        bell: BellKey,
        sealed: Blob,
    ) -> &Knock {
        self.last_knock = (self.last_knock + 1).max(now.0);
        let id = KnockId(self.last_knock);
        self.by_visitor.insert(visitor, id);
        self.knocks.entry(id).or_insert(Knock { id, visitor, device, bell, sealed })
    }

    pub fn remove_knock(&mut self, id: KnockId) -> Option<Knock> {
        let knock = self.knocks.remove(&id)?;
        self.by_visitor.remove(&knock.visitor);
        Some(knock)
    }

    pub fn remove_knock_of(&mut self, visitor: ConnectionId) -> Option<Knock> {
        self.remove_knock(*self.by_visitor.get(&visitor)?)
    }

    pub fn knock_of(&self, id: KnockId) -> Option<&Knock> {
        self.knocks.get(&id)
    }

    pub fn knocks(&self) -> impl Iterator<Item = &Knock> {
        self.knocks.values()
    }

    /// Forgets a visitor; its knock, if it had one.
    pub fn remove_visitor(&mut self, visitor: ConnectionId) -> Option<Knock> {
        self.ringing.remove(&visitor);
        self.remove_knock_of(visitor)
    }
}

impl Bell {
    fn key(&self) -> BellKey {
        self.doorbell.statement().hpke
    }

    fn is_valid(&self, now: UnixMillis) -> bool {
        self.doorbell.statement().expiry > now
    }
}

/// Nonces that were handed out.
#[derive(Default)]
struct Spent {
    all: BTreeSet<Nonce>,
    order: VecDeque<Nonce>,
}

impl Spent {
    fn has(&self, nonce: &Nonce) -> bool {
        self.all.contains(nonce)
    }

    fn insert(&mut self, nonce: Nonce) {
        self.all.insert(nonce);
        self.order.push_back(nonce);
        if self.order.len() > limits::NONCES_SPENT
            && let Some(oldest) = self.order.pop_front()
        {
            self.all.remove(&oldest);
        }
    }
}
