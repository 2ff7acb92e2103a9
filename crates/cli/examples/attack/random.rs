//! Seeded randomness, so that a run can be repeated.

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    pub fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let bytes = self.next().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }

    /// Changes a datagram somewhere: bits, bytes, its length, or a part of it.
    pub fn mutate(&mut self, datagram: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let len = datagram.len();
            match self.below(5) {
                _ if len == 0 => datagram.push(self.next() as u8),
                0 => datagram[self.below(len)] ^= 1 << self.below(8),
                1 => datagram[self.below(len)] = self.next() as u8,
                2 => datagram.truncate(self.below(len)),
                3 => {
                    let extra = self.below(64);
                    datagram.extend((0..extra).map(|_| 0x5a));
                }
                _ => {
                    let (from, to) = (self.below(len), self.below(len));
                    datagram.copy_within(from.min(to)..from.max(to), 0);
                }
            }
        }
    }
}
