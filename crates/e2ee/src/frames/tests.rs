mod must_fail;
mod properties;
mod sealing;
mod vectors;

use super::*;
use base::Secret;

/// A base key named by one byte.
fn base_key(seed: u8) -> Secret<16> {
    Secret::new([seed; 16])
}

/// Whoever is leaf `leaf` and sends with `epoch`, whose base key is `base_key(epoch)`.
fn sender(leaf: u32, epoch: u64) -> Sealer {
    let mut sealer = Sealer::new();
    sealer.add_epoch(epoch, base_key(epoch as u8));
    sealer.send_with(epoch, leaf).unwrap();
    for kind in Kind::ALL {
        sealer.add_lease(Lease { kind, epoch, start: 0, count: 100_000 }).unwrap();
    }
    sealer
}

/// Whoever has entered these epochs, in this order.
fn receiver(epochs: &[u64]) -> Opener {
    let mut opener = Opener::new();
    for epoch in epochs {
        opener.add_epoch(*epoch, base_key(*epoch as u8));
    }
    opener
}

/// First byte of a VP8 keyframe (RFC 6386 §9.1: bit 0 is 0), followed by `len - 1` bytes.
fn keyframe(len: usize) -> Vec<u8> {
    (0..len).map(|i| if i == 0 { 0x10 } else { i as u8 }).collect()
}

fn deltaframe(len: usize) -> Vec<u8> {
    (0..len).map(|i| if i == 0 { 0x11 } else { i as u8 }).collect()
}
