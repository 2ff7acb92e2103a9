//! From records back to a meeting.

use crate::Meeting;
use crate::limits::Limits;
use crate::meeting::Phase;
use crate::records;
use crate::session::Session;
use crate::verified::Verified;
use base::codec::DecodeError;
use base::record::{Record, Saved};

/// What is kept of a meeting cannot be read: the store's fault, or our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a kept record (kind {kind}, number {number}) cannot be read")]
pub struct CorruptRecord {
    pub kind: u8,
    pub number: u64,
}

impl Meeting {
    /// A meeting as its records tell; nobody is connected. Members come back into the same group
    /// and epoch; whoever waited rings again.
    pub fn restore(saved: Saved, limits: Limits) -> Result<Self, CorruptRecord> {
        let mut meeting = Meeting::new(saved.meeting, saved.key, saved.used, limits);
        if let Some(end) = saved.ended {
            meeting.phase = Phase::Ended { end: end.into() };
            return Ok(meeting);
        }
        let mut invitations = Vec::new();
        // Ascending keys: the session's head comes before what belongs to it.
        for record in &saved.records {
            let read = match record.key.kind {
                records::INVITATION => {
                    records::read_invitation(&record.value).map(|i| invitations.push(i))
                }
                _ => meeting.take_record(record),
            };
            let key = record.key;
            read.map_err(|_| CorruptRecord { kind: key.kind, number: key.number })?;
        }
        meeting.lobby.invite(invitations);
        Ok(meeting)
    }

    fn take_record(&mut self, Record { key, value }: &Record) -> Result<(), DecodeError> {
        match key.kind {
            records::SESSION => {
                let head = records::read_session(value)?;
                self.session =
                    Some(Session::bare(head.group, head.epoch, head.rules, self.limits.policy));
            }
            records::CERTIFICATE => {
                let certificate = Verified::by_meeting_key(value, &self.key);
                self.certificates.restore(certificate.map_err(|_| DecodeError::OutOfRange)?);
            }
            records::DEPARTED => {
                let (device, why) = records::read_departed(value)?;
                self.departed.restore(device, why);
            }
            _ => {
                let session = self.session.as_mut().ok_or(DecodeError::OutOfRange)?;
                take_session_record(session, Record { key: *key, value: value.clone() })?;
            }
        }
        Ok(())
    }
}

fn take_session_record(session: &mut Session, record: Record) -> Result<(), DecodeError> {
    let Record { key, value } = &record;
    match key.kind {
        records::MEMBER => session.seat(records::read_member(value)?),
        records::COMMIT => session.history.restore(records::read_commit(*key, value)?),
        records::WELCOME => session.history.restore_welcome(records::read_welcome(*key, value)?),
        records::PARTICIPANT => {
            let (number, device) = records::read_participant(*key, value)?;
            session.number(number, device);
        }
        records::UNDO => session.undo = Some(records::read_undo(value)?),
        _ => return Err(DecodeError::OutOfRange),
    }
    Ok(())
}
