use str0m::media::{Mid, Pt};
use str0m::rtp::RtpHeader;

/// What a packet's RTP header has that does not go with the line it came in on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeaderFault {
    /// The payload type is another codec's.
    WrongType,
    /// The `mid` extension names another line.
    WrongLine,
    /// Sound without its level (RFC 6464), which everyone sends and the server passes on.
    NoLevel,
}

/// The line that a packet came in on.
pub struct Expected {
    pub mid: Mid,
    pub audio: bool,
    pub payload_type: Option<Pt>,
}

pub fn check(header: &RtpHeader, line: Expected) -> Result<(), HeaderFault> {
    let extensions = &header.ext_vals;
    if line.payload_type != Some(header.payload_type) {
        return Err(HeaderFault::WrongType);
    }
    if extensions.mid.is_some_and(|named| named != line.mid) {
        return Err(HeaderFault::WrongLine);
    }
    if line.audio && extensions.audio_level.is_none() {
        return Err(HeaderFault::NoLevel);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(audio: bool, change: impl FnOnce(&mut RtpHeader)) -> Result<(), HeaderFault> {
        let mut header = RtpHeader { payload_type: 111.into(), ..RtpHeader::default() };
        header.ext_vals.mid = Some("a".into());
        header.ext_vals.audio_level = Some(-30);
        change(&mut header);
        check(&header, Expected { mid: "a".into(), audio, payload_type: Some(111.into()) })
    }

    #[test]
    fn what_does_not_go_with_the_line_is_named() {
        assert_eq!(checked(true, |_| {}), Ok(()));
        let other_type = checked(true, |header| header.payload_type = 96.into());
        assert_eq!(other_type, Err(HeaderFault::WrongType));
        let other_line = checked(true, |header| header.ext_vals.mid = Some("b".into()));
        assert_eq!(other_line, Err(HeaderFault::WrongLine));
        let silent = |header: &mut RtpHeader| header.ext_vals.audio_level = None;
        assert_eq!(checked(true, silent), Err(HeaderFault::NoLevel));
        assert_eq!(checked(false, silent), Ok(()));
    }
}
