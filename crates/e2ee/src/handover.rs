//! What the host's device hands to one other member: sealed to a key that this member has just made
//! and named inside the group, so that no other member reads it. HPKE (RFC 9180) in base mode; who
//! sealed it is known from the group message that carries it.

use crate::provider::hpke;
use base::{DeviceKey, Entropy, GroupId, Secret};
use openmls_traits::types::HpkeCiphertext;

/// Bytes of the encapsulated key before the ciphertext.
const ENCAPSULATED: usize = 32;

/// The receiving end, for as long as a page is open.
pub struct HandoverKey {
    seed: Secret<32>,
}

/// For whom, and in which group.
#[derive(Clone, Copy, Debug)]
pub struct Receiver {
    pub group: GroupId,
    pub device: DeviceKey,
}

impl HandoverKey {
    pub fn new(entropy: &mut dyn Entropy) -> Self {
        HandoverKey { seed: Secret::new(base::random(entropy)) }
    }

    /// An X25519 public key, to be named inside the group.
    pub fn public(&self) -> [u8; 32] {
        let mut public = [0; 32];
        public.copy_from_slice(&hpke::derive_key_pair(self.seed.expose()).public);
        public
    }

    /// Opens what [`seal`] made for this key and receiver; `None` for anything else.
    pub fn open(&self, receiver: Receiver, sealed: &[u8]) -> Option<Vec<u8>> {
        let (enc, text) = sealed.split_at_checked(ENCAPSULATED)?;
        let sealed =
            HpkeCiphertext { kem_output: enc.to_vec().into(), ciphertext: text.to_vec().into() };
        let pair = hpke::derive_key_pair(self.seed.expose());
        hpke::open(&sealed, pair.private.as_ref(), &receiver.info(), b"").ok()
    }
}

impl Receiver {
    fn info(&self) -> Vec<u8> {
        [b"incamera/v1/handover".as_slice(), &self.group.0, &self.device.0].concat()
    }
}

/// Seals `text` to the receiver's key; `None` if that is no key to seal to.
pub fn seal(key: &[u8; 32], receiver: Receiver, text: &[u8]) -> Option<Vec<u8>> {
    let sealed = hpke::seal(key, &receiver.info(), b"", text).ok()?;
    Some([sealed.kem_output.as_slice(), sealed.ciphertext.as_slice()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receiver(device: u8) -> Receiver {
        Receiver { group: GroupId([1; 16]), device: DeviceKey([device; 32]) }
    }

    #[test]
    fn only_the_named_receiver_opens_it() {
        let key = HandoverKey::new(&mut |out: &mut [u8]| out.fill(7));
        let other = HandoverKey::new(&mut |out: &mut [u8]| out.fill(8));
        let sealed = seal(&key.public(), receiver(2), b"secret").unwrap();
        assert_eq!(key.open(receiver(2), &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(other.open(receiver(2), &sealed), None);
        assert_eq!(key.open(receiver(3), &sealed), None);
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert_eq!(key.open(receiver(2), &bent), None);
            assert_eq!(key.open(receiver(2), &sealed[..at]), None);
        }
    }

    #[test]
    fn what_is_no_key_is_not_sealed_to() {
        assert_eq!(seal(&[0; 32], receiver(2), b"secret"), None);
    }
}
