use super::{
    COUNTERS_PER_EPOCH, Header, KeyId, Kind, LeaseError, SealError, SenderKey, TAG, authenticated,
    clear_len,
};
use base::Secret;
use std::collections::VecDeque;

/// Counters `start..start + count` of `kind`, for `epoch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub kind: Kind,
    pub epoch: u64,
    pub start: u64,
    pub count: u64,
}

/// Seals what this device sends.
///
/// Getters, then `add_epoch` / `send_with` / `add_lease` / `stop` / `clear` as the core says, and
/// [`Self::seal`] per frame.
#[derive(Default)]
pub struct Sealer {
    /// In no order, at most [`EPOCHS`]; one more and the oldest goes.
    epochs: Vec<Epoch>,
    /// Epochs below this were dropped and their leases forgotten: never to be sent with again.
    floor: u64,
    sending: Option<Sending>,
}

/// As many as a receiver keeps.
const EPOCHS: usize = 2;

struct Epoch {
    number: u64,
    base_key: Secret<16>,
    /// Per kind, one more than the highest counter ever leased: survives pauses and switches of
    /// epoch, so that no counter comes twice.
    leased: [u64; 4],
    /// Per kind, what is left of the leases, in the order of use.
    left: [VecDeque<std::ops::Range<u64>>; 4],
}

struct Sending {
    epoch: u64,
    keys: [(KeyId, SenderKey); 4],
}

/// Leases kept per kind; a further one is refused as out of range.
const LEASES: usize = 4;

/// What an AES-GCM outside this crate needs to seal one frame. The counter is spent.
pub struct Envelope {
    pub epoch: u64,
    pub kid: KeyId,
    pub key: Secret<16>,
    pub nonce: [u8; 12],
    pub aad: Vec<u8>,
    /// `clear ‖ header`: what comes before the ciphertext and tag.
    pub prefix: Vec<u8>,
    /// How much of the frame is clear; the rest is to be encrypted.
    pub clear: usize,
}

impl Sealer {
    pub fn new() -> Self {
        Self::default()
    }

    /// The epoch being sent with.
    pub fn sending_epoch(&self) -> Option<u64> {
        self.sending.as_ref().map(|sending| sending.epoch)
    }

    /// How many counters of `kind` are left for the epoch being sent with.
    pub fn remaining(&self, kind: Kind) -> u64 {
        let epoch = self.sending_epoch().and_then(|number| self.epoch(number));
        epoch.map_or(0, |epoch| epoch.left[kind as usize].iter().map(|r| r.end - r.start).sum())
    }

    /// Learns an epoch's base key (RFC 9605 §5.2); one that was dropped is ignored. The same number with another key (a commit was
    /// withdrawn and another took its place) starts that epoch afresh.
    pub fn add_epoch(&mut self, number: u64, base_key: Secret<16>) {
        let known = self.epoch(number).is_some_and(|epoch| epoch.base_key == base_key);
        if known || number < self.floor {
            return;
        }
        self.drop_epochs_where(|epoch| epoch == number);
        let (leased, left) = Default::default();
        self.epochs.push(Epoch { number, base_key, leased, left });
        if self.epochs.len() > EPOCHS {
            let oldest = self.epochs.iter().map(|epoch| epoch.number).min();
            oldest.into_iter().for_each(|oldest| self.drop_epochs(oldest));
        }
    }

    /// Forgets epochs up to and including `through`, for good.
    pub fn drop_epochs(&mut self, through: u64) {
        self.floor = self.floor.max(through.saturating_add(1));
        self.drop_epochs_where(|epoch| epoch <= through);
    }

    /// Seals with `epoch` as `leaf` from here on; pauses when either is unknown.
    pub fn send_with(&mut self, epoch: u64, leaf: u32) -> Result<(), SealError> {
        self.sending = None;
        let known = self.epoch(epoch).ok_or(SealError::Paused)?;
        let mut keys = Vec::with_capacity(4);
        for kind in Kind::ALL {
            let kid = KeyId::new(kind, leaf, epoch).ok_or(SealError::Paused)?;
            keys.push((kid, SenderKey::derive(&known.base_key, kid)));
        }
        self.sending = keys.try_into().ok().map(|keys| Sending { epoch, keys });
        Ok(())
    }

    /// Takes counters that nobody else has used or will use.
    pub fn add_lease(&mut self, lease: Lease) -> Result<(), LeaseError> {
        if self.sending_epoch() != Some(lease.epoch) {
            return Err(LeaseError::OtherEpoch);
        }
        let epoch = self.epoch_mut(lease.epoch).ok_or(LeaseError::OtherEpoch)?;
        let kind = lease.kind as usize;
        let end = lease.start.checked_add(lease.count).ok_or(LeaseError::OutOfRange)?;
        if lease.count == 0 || end > COUNTERS_PER_EPOCH || epoch.left[kind].len() >= LEASES {
            return Err(LeaseError::OutOfRange);
        }
        if lease.start < epoch.leased[kind] {
            return Err(LeaseError::Repeated);
        }
        epoch.leased[kind] = end;
        epoch.left[kind].push_back(lease.start..end);
        Ok(())
    }

    /// Seals nothing until the next [`Self::send_with`]. Leases of the epoch stay good.
    pub fn stop(&mut self) {
        self.sending = None;
    }

    /// Forgets every key.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Seals one frame.
    pub fn seal(&mut self, kind: Kind, frame: &[u8]) -> Result<Vec<u8>, SealError> {
        let clear = self.clear_of(kind, frame)?;
        let counter = self.take_counter(kind)?;
        let (kid, key) = self.key(kind)?;
        let header = Header { kid: kid.value(), counter }.to_bytes();
        let mut out = Vec::with_capacity(frame.len() + header.len() + TAG);
        out.extend_from_slice(&frame[..clear]);
        out.extend_from_slice(&header);
        let text = out.len();
        out.extend_from_slice(&frame[clear..]);
        let aad = authenticated(&header, &frame[..clear]);
        let tag = key.encrypt(counter, &aad, &mut out[text..]);
        out.extend_from_slice(&tag);
        Ok(out)
    }

    /// Spends a counter on `frame` and says how to seal it elsewhere. The caller encrypts exactly
    /// this frame, once: sealing a second text under the same nonce gives the key away.
    pub fn danger_envelope(&mut self, kind: Kind, frame: &[u8]) -> Result<Envelope, SealError> {
        let clear = self.clear_of(kind, frame)?;
        let counter = self.take_counter(kind)?;
        let epoch = self.sending_epoch().ok_or(SealError::Paused)?;
        let (kid, key) = self.key(kind)?;
        let header = Header { kid: kid.value(), counter }.to_bytes();
        Ok(Envelope {
            epoch,
            kid: *kid,
            key: key.raw().clone(),
            nonce: key.nonce(counter),
            aad: authenticated(&header, &frame[..clear]),
            prefix: [&frame[..clear], &header].concat(),
            clear,
        })
    }

    fn clear_of(&self, kind: Kind, frame: &[u8]) -> Result<usize, SealError> {
        let clear = clear_len(kind, frame);
        let whole = clear <= frame.len() && !(kind.is_video() && frame.is_empty());
        whole.then_some(clear).ok_or(SealError::TooShort)
    }

    fn take_counter(&mut self, kind: Kind) -> Result<u64, SealError> {
        let number = self.sending_epoch().ok_or(SealError::Paused)?;
        let epoch = self.epoch_mut(number).ok_or(SealError::Paused)?;
        let left = &mut epoch.left[kind as usize];
        let range = left.front_mut().ok_or(SealError::NoLease)?;
        let counter = range.next().ok_or(SealError::NoLease)?;
        if range.is_empty() {
            left.pop_front();
        }
        Ok(counter)
    }

    fn key(&self, kind: Kind) -> Result<&(KeyId, SenderKey), SealError> {
        self.sending.as_ref().map(|sending| &sending.keys[kind as usize]).ok_or(SealError::Paused)
    }

    fn epoch(&self, number: u64) -> Option<&Epoch> {
        self.epochs.iter().find(|epoch| epoch.number == number)
    }

    fn epoch_mut(&mut self, number: u64) -> Option<&mut Epoch> {
        self.epochs.iter_mut().find(|epoch| epoch.number == number)
    }

    fn drop_epochs_where(&mut self, gone: impl Fn(u64) -> bool) {
        self.epochs.retain(|epoch| !gone(epoch.number));
        if self.sending_epoch().is_some_and(gone) {
            self.sending = None;
        }
    }
}
