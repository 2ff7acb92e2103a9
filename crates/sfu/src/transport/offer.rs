//! The shape an offer must have, checked on its text before the WebRTC stack sees it.

use super::{Direction, Line};
use crate::{Layer, Layers, LineId};

/// Longer offers are not read. Four audio, 25 video and a screen line listing every codec of
/// today's browsers take 140 kB.
pub const MAX_OFFER_BYTES: usize = 200_000;
/// Lines a client may publish on.
pub const MAX_SENDING_LINES: usize = 6;
/// Slots: 3 voices, 25 cameras, one screen with its sound.
pub const MAX_RECEIVING_LINES: usize = 30;
/// `a=ssrc` lines (RFC 5576) of an offer: four for each stream, with three layers and their repair on all sending lines, are 144.
const MAX_SSRC_LINES: usize = 512;
/// RFC 8843's `mid` is a token; ours and every browser's are short.
const MAX_MID_BYTES: usize = 16;

/// Why an offer was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    #[error("the offer has {0} bytes; at most {MAX_OFFER_BYTES} are read")]
    TooLong(usize),
    #[error("too many lines: {MAX_SENDING_LINES} may send and {MAX_RECEIVING_LINES} receive")]
    TooManyLines,
    #[error("too many streams: {MAX_SSRC_LINES} a=ssrc lines are read")]
    TooManyStreams,
    #[error("line {0} is neither audio nor video over UDP/TLS/RTP/SAVPF")]
    NotMedia(usize),
    #[error("line {0} has no usable a=mid")]
    BadMid(usize),
    #[error("line {0} both sends and receives; a line does one of them")]
    BothWays(usize),
    #[error("the offer changes or leaves out lines of the connection")]
    LinesChanged,
    #[error("there is no connection to change; make a new offer")]
    NoConnection,
    #[error("the WebRTC stack refused the offer: {0}")]
    Refused(String),
    /// Our fault: the connection could not be built.
    #[error("the server could not build a connection")]
    Internal,
}

impl OfferError {
    /// Whether the server, not the client, is to blame.
    pub fn is_ours(&self) -> bool {
        matches!(self, OfferError::Internal)
    }
}

/// The lines of an offer, or why it is refused.
pub(super) fn check(sdp: &str) -> Result<Vec<Line>, OfferError> {
    if sdp.len() > MAX_OFFER_BYTES {
        return Err(OfferError::TooLong(sdp.len()));
    }
    if sdp.lines().filter(|line| line.starts_with("a=ssrc:")).count() > MAX_SSRC_LINES {
        return Err(OfferError::TooManyStreams);
    }
    let mut drafts: Vec<Draft> = Vec::new();
    for text in sdp.lines() {
        if let Some(media) = text.strip_prefix("m=") {
            if drafts.len() == MAX_SENDING_LINES + MAX_RECEIVING_LINES {
                return Err(OfferError::TooManyLines);
            }
            drafts.push(Draft::new(media, drafts.len())?);
        } else if let Some(draft) = drafts.last_mut() {
            draft.read(text);
        }
    }
    let lines: Result<Vec<Line>, OfferError> =
        drafts.into_iter().enumerate().map(|(index, draft)| draft.finish(index)).collect();
    let lines = lines?;
    let count = |direction| lines.iter().filter(|line| line.direction == direction).count();
    if count(Direction::Sends) > MAX_SENDING_LINES
        || count(Direction::Receives) > MAX_RECEIVING_LINES
    {
        return Err(OfferError::TooManyLines);
    }
    Ok(lines)
}

/// The offer without the client's candidates: as ICE-lite we never send checks, and need not know
/// its private addresses.
pub(super) fn without_candidates(sdp: &str) -> String {
    let kept = sdp.lines().filter(|line| !line.starts_with("a=candidate:"));
    kept.flat_map(|line| [line, "\r\n"]).collect()
}

struct Draft {
    audio: bool,
    mid: Option<String>,
    sends: bool,
    receives: bool,
    layers: Layers,
}

impl Draft {
    fn new(media: &str, index: usize) -> Result<Draft, OfferError> {
        let mut words = media.split(' ');
        let kind = words.next();
        let is_rtp = words.nth(1) == Some("UDP/TLS/RTP/SAVPF");
        let audio = kind == Some("audio");
        if !is_rtp || !(audio || kind == Some("video")) {
            return Err(OfferError::NotMedia(index));
        }
        Ok(Draft { audio, mid: None, sends: true, receives: true, layers: Layers::NONE })
    }

    fn read(&mut self, text: &str) {
        match text {
            "a=sendonly" => self.receives = false,
            "a=recvonly" => self.sends = false,
            "a=inactive" => (self.sends, self.receives) = (false, false),
            _ => self.read_value(text),
        }
    }

    fn read_value(&mut self, text: &str) {
        if let Some(mid) = text.strip_prefix("a=mid:") {
            self.mid = Some(mid.to_owned());
        } else if let Some(rid) = text.strip_prefix("a=rid:") {
            let name = rid.split(' ').next().unwrap_or_default();
            if let Some(layer) = Layer::from_rid(name) {
                self.layers = self.layers.with(layer);
            }
        }
    }

    fn finish(self, index: usize) -> Result<Line, OfferError> {
        let is_token = |mid: &String| {
            (1..=MAX_MID_BYTES).contains(&mid.len()) && mid.bytes().all(|b| b.is_ascii_graphic())
        };
        let id = LineId(self.mid.filter(is_token).ok_or(OfferError::BadMid(index))?);
        let direction = match (self.sends, self.receives) {
            (true, true) => return Err(OfferError::BothWays(index)),
            (true, false) => Direction::Sends,
            (false, true) => Direction::Receives,
            (false, false) => Direction::Inactive,
        };
        let layers = if self.layers.is_empty() { Layers::NONE.with(Layer::F) } else { self.layers };
        Ok(Line { id, audio: self.audio, direction, layers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(kind: &str, mid: &str, rest: &str) -> String {
        format!("m={kind} 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:{mid}\r\n{rest}\r\n")
    }

    #[test]
    fn lines_are_read_in_order() {
        let sdp = format!(
            "v=0\r\n{}{}",
            line("audio", "0", "a=sendonly"),
            line("video", "1", "a=rid:q send\r\na=rid:h send\r\na=sendonly")
        );
        let lines = check(&sdp).unwrap();
        assert!(lines[0].audio && lines[0].direction == Direction::Sends);
        assert_eq!(lines[1].layers, Layers::NONE.with(Layer::Q).with(Layer::H));
    }

    #[test]
    fn a_line_that_does_both_is_refused() {
        assert_eq!(check(&line("audio", "0", "a=sendrecv")), Err(OfferError::BothWays(0)));
    }

    #[test]
    fn a_data_channel_is_refused() {
        let sdp = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n";
        assert_eq!(check(sdp), Err(OfferError::NotMedia(0)));
    }

    #[test]
    fn a_thirty_first_slot_is_refused() {
        let many =
            |n| (0..n).map(|i| line("video", &i.to_string(), "a=recvonly")).collect::<String>();
        assert!(check(&many(30)).is_ok());
        assert_eq!(check(&many(31)), Err(OfferError::TooManyLines));
        assert_eq!(check(&many(300)), Err(OfferError::TooManyLines));
    }

    #[test]
    fn an_offer_of_streams_without_end_is_refused() {
        let many = |n| {
            let streams: String = (0..n).map(|i| format!("a=ssrc:{i} cname:a\r\n")).collect();
            line("audio", "0", &format!("{streams}a=sendonly"))
        };
        assert!(check(&many(512)).is_ok());
        assert_eq!(check(&many(513)), Err(OfferError::TooManyStreams));
    }

    #[test]
    fn a_huge_offer_is_not_read() {
        assert!(matches!(check(&" ".repeat(MAX_OFFER_BYTES + 1)), Err(OfferError::TooLong(_))));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "(m=(audio|video|x) 9 [A-Z/]{0,20} 9|a=(mid:|rid:|send)[a-z]{0,20}|\r?\n|.){0,60}") {
            let _ = check(&text);
            let _ = without_candidates(&text);
        }
    }
}
