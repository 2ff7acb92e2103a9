//! What a participant counted, printed as one JSON object at its end. Times are milliseconds.

use crate::load::Intervals;
use crate::peer::HeaderFault;
use crate::receive::{Counts, Frame};
use crate::record::kind_name;
use e2ee::frames::{Kind, OpenError};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Instant;

/// A silence between two verified packets that a listener notices: more than the usual jitter
/// buffer covers.
const GAP_MS: u64 = 100;

/// Senders counted one by one; frames of further ones are counted together as `others`.
const MAX_SENDERS: usize = 1024;

/// The object.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    pub name: String,
    /// Where the participant ended: `left`, `removed`, `refused`, …
    pub phase: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// From the start of the program until the server was reached and the way in was known.
    pub lobby_ms: Option<u64>,
    /// From the start until asking to be let in.
    pub knocked_ms: Option<u64>,
    /// From the start until let in.
    pub admitted_ms: Option<u64>,
    /// From the start until in the meeting with keys confirmed.
    pub joined_ms: Option<u64>,
    /// From being let in until media flowed either way.
    pub media_connected_ms: Option<u64>,
    pub media_connections: u64,
    /// From the start until the first frame that could be shown or played.
    pub first_frame_ms: Option<u64>,
    pub before_admission: BeforeAdmission,
    pub sent: Sent,
    pub received: Received,
    pub senders: Vec<Sender>,
    pub chat: Vec<Chat>,
    /// The meeting code last shown, without which two reports cannot be compared.
    pub code: Option<String>,
    #[serde(skip)]
    pub intervals: Intervals,
}

/// What a guest must not get before it is let in.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct BeforeAdmission {
    pub group_messages: u64,
    pub media_datagrams: u64,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Sent {
    /// RTP packets.
    pub packets: u64,
    pub audio_packets: u64,
    /// By layer, smallest first.
    pub video_frames: Vec<u64>,
    pub keyframe_requests: u64,
    /// Frames dropped because sealing was paused or no counter was at hand.
    pub withheld: u64,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Received {
    pub packets: u64,
    /// Packets given up.
    pub lost: u64,
    /// Packets that came a second time, or after they had been given up.
    pub repeated: u64,
    /// Frames of which only a part arrived.
    pub broken: u64,
    /// RTP headers with a fault, by fault.
    pub headers: BTreeMap<&'static str, u64>,
    /// Frames of which everything but the tag was checked.
    pub unopened: u64,
    /// Frames that came after one that the same key had sealed later.
    pub counters_back: u64,
    pub verified: u64,
    /// By reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Verified frames whose sender's device was not told by the core.
    pub nameless: u64,
    /// Verified frames of senders beyond those listed.
    pub others: u64,
}

/// One verified sender.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sender {
    pub device: String,
    pub name: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub media: BTreeMap<&'static str, Media>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Media {
    pub verified: u64,
    /// Video: frames a decoder could show.
    pub decodable: u64,
    /// From being let in until the first decodable frame.
    pub first_ms: Option<u64>,
    /// Silences of more than 100 ms.
    pub gaps: u64,
    pub longest_gap_ms: u64,
    #[serde(skip)]
    last: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chat {
    pub name: String,
    pub text: String,
}

impl Report {
    /// Counts a frame of a known sender. `since` is when this device was let in.
    pub fn count_frame(&mut self, device: &str, name: &str, frame: &Frame, since: Instant) {
        self.received.verified += 1;
        let Some(sender) = self.sender(device) else {
            self.received.others += 1;
            return;
        };
        if !name.is_empty() {
            sender.name = name.to_owned();
        }
        let media = sender.media.entry(kind_name(frame.kind)).or_default();
        media.count(frame, since);
    }

    /// Counts a verified frame whose sender's device is not known.
    pub fn count_nameless(&mut self) {
        self.received.verified += 1;
        self.received.nameless += 1;
    }

    pub fn count_rejected(&mut self, why: OpenError) {
        *self.received.rejected.entry(reason(why)).or_default() += 1;
    }

    pub fn add_counts(&mut self, counts: &Counts) {
        self.received.packets += counts.packets;
        self.received.lost += counts.lost;
        self.received.repeated += counts.repeated;
        self.received.broken += counts.broken;
        self.received.unopened += counts.unopened;
        self.received.counters_back += counts.counters_back;
        self.intervals.add(&counts.intervals);
        for (fault, count) in &counts.headers {
            *self.received.headers.entry(fault_name(*fault)).or_default() += count;
        }
    }

    fn sender(&mut self, device: &str) -> Option<&mut Sender> {
        let known = self.senders.iter().position(|sender| sender.device == device);
        let at = match known {
            Some(at) => at,
            None if self.senders.len() < MAX_SENDERS => {
                self.senders.push(Sender { device: device.to_owned(), ..Default::default() });
                self.senders.len() - 1
            }
            None => return None,
        };
        self.senders.get_mut(at)
    }
}

impl Media {
    fn count(&mut self, frame: &Frame, since: Instant) {
        self.verified += 1;
        if !frame.decodable {
            return;
        }
        self.decodable += 1;
        let first = || frame.arrived.saturating_duration_since(since).as_millis() as u64;
        self.first_ms.get_or_insert_with(first);
        if let Some(last) = self.last.replace(frame.arrived) {
            let gap = frame.arrived.saturating_duration_since(last).as_millis() as u64;
            self.longest_gap_ms = self.longest_gap_ms.max(gap);
            self.gaps += u64::from(gap > GAP_MS && frame.kind == Kind::Mic);
        }
    }
}

fn fault_name(fault: HeaderFault) -> &'static str {
    match fault {
        HeaderFault::WrongType => "wrong_type",
        HeaderFault::WrongLine => "wrong_line",
        HeaderFault::NoLevel => "no_level",
    }
}

fn reason(why: OpenError) -> &'static str {
    match why {
        OpenError::Plaintext => "plaintext",
        OpenError::UnknownKid => "unknown_kid",
        OpenError::StaleEpoch => "stale_epoch",
        OpenError::WrongKind => "wrong_kind",
        OpenError::RemovedLeaf => "removed_leaf",
        OpenError::Forbidden => "forbidden",
        OpenError::Repeated => "repeated",
        OpenError::Forged => "forged",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use str0m::media::Mid;

    fn frame(arrived: Instant) -> Frame {
        Frame {
            mid: Mid::from("a"),
            kind: Kind::Mic,
            epoch: 1,
            leaf: 1,
            time: 0,
            arrived,
            data: vec![],
            decodable: true,
        }
    }

    #[test]
    fn a_silence_counts_as_a_gap_and_jitter_does_not() {
        let start = Instant::now();
        let mut report = Report::default();
        for ms in [500, 520, 580, 900, 920] {
            let frame = frame(start + Duration::from_millis(ms));
            report.count_frame("d", "Ana", &frame, start);
        }
        let media = &report.senders[0].media["mic"];
        assert_eq!((media.verified, media.gaps, media.longest_gap_ms), (5, 1, 320));
        assert_eq!(media.first_ms, Some(500));
        assert_eq!(report.senders[0].name, "Ana");
    }
}
