use super::replay::Window;
use super::{Header, KeyId, Kind, OpenError, SenderKey, TAG, authenticated, clear_len};
use base::Secret;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Which kinds of media each leaf may send. A frame that verifies and is of another kind is dropped
/// all the same: the sender goes against the room's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendingRights {
    /// Of whoever is not named, one bit for each [`Kind`]'s number.
    pub others: u8,
    /// By leaf; at most [`MAX_LEAVES`], the rest counts as `others`.
    pub leaves: BTreeMap<u32, u8>,
}

/// The largest group.
pub const MAX_LEAVES: usize = 4096;

impl Default for SendingRights {
    /// Until rules are told, everyone may send everything.
    fn default() -> Self {
        SendingRights { others: 0b1111, leaves: BTreeMap::new() }
    }
}

impl SendingRights {
    pub fn allow(&self, leaf: u32, kind: Kind) -> bool {
        self.leaves.get(&leaf).unwrap_or(&self.others) & 1 << kind as u8 != 0
    }
}

/// Opens what others send. One opener serves all slots.
#[derive(Default)]
pub struct Opener {
    rights: SendingRights,
    /// Ascending, at most [`EPOCHS`]; one more and the oldest goes.
    epochs: VecDeque<Epoch>,
}

/// The epoch being sent with and the one before, whose last frames are still on their way.
const EPOCHS: usize = 2;

/// Derived keys kept per epoch; at the bound the one unused longest goes and is derived again
/// when needed. Forged frames never take a place.
const KEYS: usize = 128;

struct Epoch {
    number: u64,
    base_key: Secret<16>,
    removed: BTreeSet<u32>,
    /// The one used longest ago first.
    keys: VecDeque<(KeyId, Box<SenderKey>)>,
    /// Never evicted, or a repeated frame would pass; bounded by the 16,384 key IDs of an epoch,
    /// and a window appears only with a frame that verified.
    windows: BTreeMap<KeyId, Window>,
}

/// A frame that verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub epoch: u64,
    /// The sender: whoever the roster of `epoch` has at this leaf.
    pub leaf: u32,
    pub counter: u64,
    /// The frame as it was before sealing, clear bytes included.
    pub frame: Vec<u8>,
}

/// A frame whose key ID checks out and whose tag is still to be verified.
pub struct Located {
    pub epoch: u64,
    pub kid: KeyId,
    pub counter: u64,
    pub aad: Vec<u8>,
    /// Bytes of the frame that are clear.
    pub clear: usize,
    /// Where in the frame ciphertext and tag begin.
    pub text: usize,
}

impl Opener {
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens frames of this epoch, too, and forgets all but the newest two. Older than the newest
    /// is ignored; the same number with another key (a commit was withdrawn and another took its
    /// place) starts that epoch afresh.
    pub fn add_epoch(&mut self, number: u64, base_key: Secret<16>) {
        let newest = self.newest();
        if self.find(number).is_some_and(|epoch| epoch.base_key == base_key) {
            return;
        }
        if newest.is_some_and(|newest| number < newest) {
            return;
        }
        // RFC 9605 §5.2: an old epoch gives way to a new one with the same low-order bits.
        self.epochs.retain(|epoch| !KeyId::epochs_collide(epoch.number, number));
        self.epochs.push_back(Epoch::new(number, base_key));
        if self.epochs.len() > EPOCHS {
            self.epochs.pop_front();
        }
    }

    /// Forgets epochs up to and including `through`.
    pub fn drop_epochs(&mut self, through: u64) {
        self.epochs.retain(|epoch| epoch.number > through);
    }

    /// Frames of `leaf` from epochs before `before` no longer count.
    pub fn drop_leaf(&mut self, before: u64, leaf: u32) {
        for epoch in self.epochs.iter_mut().filter(|epoch| epoch.number < before) {
            epoch.removed.insert(leaf);
        }
    }

    /// From now on only what these rights allow is opened, in any epoch.
    pub fn set_rights(&mut self, rights: SendingRights) {
        self.rights = rights;
    }

    /// Forgets every key, and the rights.
    pub fn clear(&mut self) {
        self.epochs.clear();
        self.rights = SendingRights::default();
    }

    /// Opens one frame that arrived in a slot for `kind`.
    pub fn open(&mut self, kind: Kind, frame: &[u8]) -> Result<Opened, OpenError> {
        let located = self.locate(kind, frame)?;
        let epoch = self.find_mut(located.epoch).ok_or(OpenError::UnknownKid)?;
        let text = epoch.decrypt(&located, frame)?;
        self.danger_accept(&located)?;
        let frame = [&frame[..located.clear], &text].concat();
        let Located { epoch, kid, counter, .. } = located;
        Ok(Opened { epoch, leaf: kid.leaf(), counter, frame })
    }

    /// Everything [`Self::open`] checks before the tag.
    pub fn locate(&self, kind: Kind, frame: &[u8]) -> Result<Located, OpenError> {
        let clear = clear_len(kind, frame);
        let sframe = frame.get(clear..).ok_or(OpenError::Plaintext)?;
        let (header, header_len) = Header::read(sframe).map_err(|_| OpenError::Plaintext)?;
        let kid = KeyId::from_value(header.kid).ok_or(OpenError::Plaintext)?;
        if sframe.len() < header_len + TAG {
            return Err(OpenError::Plaintext);
        }
        let epoch = self.epoch_of(kid)?;
        epoch.check(kid, kind, header.counter)?;
        self.check_rights(kid)?;
        Ok(Located {
            epoch: epoch.number,
            kid,
            counter: header.counter,
            aad: authenticated(&sframe[..header_len], &frame[..clear]),
            clear,
            text: clear + header_len,
        })
    }

    /// The key and nonce with which an AES-GCM outside this crate verifies `located`.
    pub fn key_for(&self, located: &Located) -> Result<(Secret<16>, [u8; 12]), OpenError> {
        let epoch = self.find(located.epoch).ok_or(OpenError::StaleEpoch)?;
        let parts = |key: &SenderKey| (key.raw().clone(), key.nonce(located.counter));
        let cached = epoch.keys.iter().find(|(kid, _)| *kid == located.kid);
        Ok(match cached {
            Some((_, key)) => parts(key),
            None => parts(&SenderKey::derive(&epoch.base_key, located.kid)),
        })
    }

    /// Counts `located` as opened. Only for a frame whose tag verified: a forged one would block
    /// the genuine. Checks again what may have changed meanwhile; on an error drop the frame.
    pub fn danger_accept(&mut self, located: &Located) -> Result<(), OpenError> {
        self.check_rights(located.kid)?;
        let epoch = self.find_mut(located.epoch).ok_or(OpenError::StaleEpoch)?;
        epoch.check(located.kid, located.kid.kind(), located.counter)?;
        let (key, _) = epoch.take_key(located.kid);
        epoch.keep_key(located.kid, key);
        let window = epoch.windows.entry(located.kid).or_default();
        window.insert(located.counter).then_some(()).ok_or(OpenError::Repeated)
    }

    fn check_rights(&self, kid: KeyId) -> Result<(), OpenError> {
        let allowed = self.rights.allow(kid.leaf(), kid.kind());
        allowed.then_some(()).ok_or(OpenError::Forbidden)
    }

    fn epoch_of(&self, kid: KeyId) -> Result<&Epoch, OpenError> {
        let named = self.epochs.iter().find(|epoch| kid.names_epoch(epoch.number));
        named.ok_or_else(|| match self.newest() {
            Some(newest) if kid.is_behind(newest) => OpenError::StaleEpoch,
            _ => OpenError::UnknownKid,
        })
    }

    fn newest(&self) -> Option<u64> {
        self.epochs.back().map(|epoch| epoch.number)
    }

    fn find(&self, number: u64) -> Option<&Epoch> {
        self.epochs.iter().find(|epoch| epoch.number == number)
    }

    fn find_mut(&mut self, number: u64) -> Option<&mut Epoch> {
        self.epochs.iter_mut().find(|epoch| epoch.number == number)
    }
}

impl Epoch {
    fn new(number: u64, base_key: Secret<16>) -> Self {
        Epoch {
            number,
            base_key,
            removed: BTreeSet::new(),
            keys: VecDeque::new(),
            windows: BTreeMap::new(),
        }
    }

    fn check(&self, kid: KeyId, kind: Kind, counter: u64) -> Result<(), OpenError> {
        if kid.kind() != kind {
            return Err(OpenError::WrongKind);
        }
        if self.removed.contains(&kid.leaf()) {
            return Err(OpenError::RemovedLeaf);
        }
        let fresh = self.windows.get(&kid).is_none_or(|window| window.is_fresh(counter));
        fresh.then_some(()).ok_or(OpenError::Repeated)
    }

    /// Keeps a key only once a frame verified under it.
    fn decrypt(&mut self, located: &Located, frame: &[u8]) -> Result<Vec<u8>, OpenError> {
        let (text, tag) = frame[located.text..].split_last_chunk().ok_or(OpenError::Plaintext)?;
        let mut text = text.to_vec();
        let (key, cached) = self.take_key(located.kid);
        let verified = key.decrypt(located.counter, &located.aad, &mut text, tag);
        if verified || cached {
            self.keep_key(located.kid, key);
        }
        if verified { Ok(text) } else { Err(OpenError::Forged) }
    }

    /// The key out of the cache, or derived; and whether it was cached.
    fn take_key(&mut self, kid: KeyId) -> (Box<SenderKey>, bool) {
        let cached = self.keys.iter().position(|(cached, _)| *cached == kid);
        match cached.and_then(|at| self.keys.remove(at)) {
            Some((_, key)) => (key, true),
            None => (Box::new(SenderKey::derive(&self.base_key, kid)), false),
        }
    }

    fn keep_key(&mut self, kid: KeyId, key: Box<SenderKey>) {
        if self.keys.len() >= KEYS {
            self.keys.pop_front();
        }
        self.keys.push_back((kid, key));
    }
}
