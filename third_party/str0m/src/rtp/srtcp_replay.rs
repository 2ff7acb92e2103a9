//! Replay protection for SRTCP (RFC 3711 §3.3.2): whoever heard a report can send it again.

/// Senders remembered; the one not heard for longest is forgotten. A peer alone can make new ones, so
/// all that it can bring back are reports of its own.
const MOST_SENDERS: usize = 128;

/// The indices of authentic SRTCP packets that have come, by the SSRC of their sender.
#[derive(Debug, Default)]
pub(crate) struct SrtcpReplay {
    /// Who was heard last comes last.
    senders: Vec<Window>,
}

#[derive(Debug)]
struct Window {
    ssrc: u32,
    /// The highest index that has come.
    highest: u32,
    /// Bit n is that of `highest - n`.
    seen: u128,
}

impl SrtcpReplay {
    /// Takes note of an authentic packet. False if it has come before, or is too old to tell.
    pub fn is_new(&mut self, ssrc: u32, index: u32) -> bool {
        let Some(at) = self.senders.iter().rposition(|sender| sender.ssrc == ssrc) else {
            if self.senders.len() == MOST_SENDERS {
                self.senders.remove(0);
            }
            self.senders.push(Window { ssrc, highest: index, seen: 1 });
            return true;
        };
        let new = self.senders[at].is_new(index);
        if new {
            self.senders[at..].rotate_left(1);
        }
        new
    }
}

impl Window {
    fn is_new(&mut self, index: u32) -> bool {
        if index > self.highest {
            let ahead = index - self.highest;
            self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
            self.highest = index;
            return true;
        }
        let Some(bit) = 1_u128.checked_shl(self.highest - index) else {
            return false;
        };
        let new = self.seen & bit == 0;
        self.seen |= bit;
        new
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn each_index_is_new_once() {
        let mut replay = SrtcpReplay::default();
        for index in [0, 1, 5, 3, 200, 73, 4] {
            assert_eq!(replay.is_new(7, index), index != 4, "{index}");
        }
        for index in [0, 1, 5, 3, 200, 73, 72] {
            assert!(!replay.is_new(7, index), "{index}");
        }
        assert!(replay.is_new(7, 199) && !replay.is_new(7, 199));
        assert!(replay.is_new(8, 3) && !replay.is_new(8, 3));
    }

    #[test]
    fn who_is_heard_is_not_forgotten_for_new_senders() {
        let mut replay = SrtcpReplay::default();
        for ssrc in 0..1_000 {
            assert!(replay.is_new(5_000, ssrc));
            assert!(replay.is_new(ssrc, 1));
        }
        assert!(!replay.is_new(5_000, 999));
        assert_eq!(replay.senders.len(), MOST_SENDERS);
    }
}
