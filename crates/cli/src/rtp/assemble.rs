//! Frames from VP8 packets in order.

use super::Descriptor;
use std::time::Instant;

/// A frame grows at most to this size; a longer one is a fault of the sender and is dropped.
const MAX_FRAME: usize = 2 * 1024 * 1024;

/// A whole frame, still sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assembled {
    pub data: Vec<u8>,
    /// RTP time, 90 kHz.
    pub time: u32,
    /// Arrival of its first packet.
    pub arrived: Instant,
}

/// Collects the packets of one frame at a time.
#[derive(Default)]
pub struct FrameAssembler {
    open: Option<Assembled>,
    /// Frames begun that could not be finished.
    pub broken: u64,
}

impl FrameAssembler {
    /// The packets that come next do not follow the ones before.
    pub fn handle_loss(&mut self) {
        self.abandon();
    }

    /// Takes the next packet in order; returns the frame that it completes.
    pub fn handle_packet(
        &mut self,
        arrived: Instant,
        time: u32,
        marker: bool,
        payload: &[u8],
    ) -> Option<Assembled> {
        let descriptor = Descriptor::parse(payload)?;
        let continues = self.open.as_ref().is_some_and(|open| open.time == time);
        if descriptor.starts_frame && !continues {
            self.abandon();
            self.open = Some(Assembled { data: Vec::new(), time, arrived });
        } else if !continues {
            self.abandon();
            return None;
        }
        let open = self.open.as_mut()?;
        open.data.extend_from_slice(&payload[descriptor.len..]);
        if open.data.len() > MAX_FRAME {
            self.abandon();
            return None;
        }
        if marker { self.open.take() } else { None }
    }

    fn abandon(&mut self) {
        self.broken += u64::from(self.open.take().is_some());
    }
}
