//! The outgoing streams. Not part of str0m as published.

use std::ops::{Deref, DerefMut};

use super::StreamTx;
use crate::rtp_::Ssrc;

/// A few streams, which lie side by side: who knows where one was last need not look for it, and there is no more room
/// than they take.
#[derive(Debug, Default)]
pub(crate) struct TxStreams {
    streams: Vec<StreamTx>,
    /// Theirs, in the same order.
    ssrcs: Vec<Ssrc>,
}

impl TxStreams {
    pub fn find(&self, ssrc: Ssrc) -> Option<usize> {
        self.ssrcs.iter().position(|known| *known == ssrc)
    }

    pub fn get_mut(&mut self, ssrc: Ssrc) -> Option<&mut StreamTx> {
        let index = self.find(ssrc)?;
        self.streams.get_mut(index)
    }

    /// The stream, which was last found at `hint`; corrects it.
    pub fn get_near(&mut self, ssrc: Ssrc, hint: &mut usize) -> Option<&mut StreamTx> {
        let is_there = self.streams.get(*hint).is_some_and(|stream| stream.ssrc() == ssrc);
        if !is_there {
            *hint = self.find(ssrc)?;
        }
        self.streams.get_mut(*hint)
    }

    /// Reads what sending a packet of the stream here will need.
    #[inline]
    pub fn preload(&self, hint: usize) {
        if let Some(stream) = self.streams.get(hint) {
            stream.preload();
        }
    }

    /// The stream with this SSRC, made if there is none.
    pub fn get_or_insert_with(
        &mut self,
        ssrc: Ssrc,
        make: impl FnOnce() -> StreamTx,
    ) -> &mut StreamTx {
        let index = self.find(ssrc).unwrap_or_else(|| {
            self.streams.reserve_exact(1);
            self.streams.push(make());
            self.ssrcs.push(ssrc);
            self.streams.len() - 1
        });
        &mut self.streams[index]
    }

    pub fn remove(&mut self, ssrc: Ssrc) -> bool {
        let before = self.streams.len();
        self.retain(|stream| stream.ssrc() != ssrc);
        self.streams.len() < before
    }

    pub fn retain(&mut self, keep: impl FnMut(&StreamTx) -> bool) {
        self.streams.retain(keep);
        self.ssrcs.clear();
        self.ssrcs.extend(self.streams.iter().map(StreamTx::ssrc));
    }
}

impl Deref for TxStreams {
    type Target = [StreamTx];

    fn deref(&self) -> &[StreamTx] {
        &self.streams
    }
}

impl DerefMut for TxStreams {
    fn deref_mut(&mut self) -> &mut [StreamTx] {
        &mut self.streams
    }
}
