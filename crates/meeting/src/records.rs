//! The records a meeting is restored from. Kinds are never reused for another meaning.

use crate::input::{Invitation, InvitationId};
use crate::limits;
use crate::output::{Blob, Removal};
use crate::session::{Entry, KeptWelcome, Member, Session, Undo};
use crate::verified::Verified;
use base::codec::{DecodeError, Reader, Writer};
use base::hash::sha256;
use base::record::{Record, RecordKey};
use base::statement::{Certificate, MAX_CHANGES};
use base::{DeviceKey, GroupId, ParticipantId, Role, RoomRules, UnixMillis};

pub(crate) const SESSION: u8 = 1;
pub(crate) const MEMBER: u8 = 2;
pub(crate) const COMMIT: u8 = 3;
pub(crate) const WELCOME: u8 = 4;
pub(crate) const INVITATION: u8 = 5;
pub(crate) const CERTIFICATE: u8 = 6;
pub(crate) const PARTICIPANT: u8 = 7;
pub(crate) const UNDO: u8 = 8;
pub(crate) const DEPARTED: u8 = 9;

/// The kinds that belong to one session and go with it.
pub(crate) const OF_SESSION: [u8; 6] = [SESSION, MEMBER, COMMIT, WELCOME, PARTICIPANT, UNDO];
/// The others.
pub(crate) const OF_MEETING: [u8; 3] = [INVITATION, CERTIFICATE, DEPARTED];

/// A signed statement is never longer.
const MAX_STATEMENT: usize = 64 * 1024;

pub(crate) struct SessionHead {
    pub group: GroupId,
    pub epoch: u64,
    pub rules: RoomRules,
}

pub(crate) fn session(session: &Session) -> Record {
    let head = Writer::new().fixed(&session.group.0).u64(session.epoch);
    record(SESSION, 0, write_rules(head, &session.rules))
}

pub(crate) fn read_session(value: &[u8]) -> Result<SessionHead, DecodeError> {
    whole(value, |r| {
        Ok(SessionHead { group: GroupId(r.fixed()?), epoch: r.u64()?, rules: read_rules(r)? })
    })
}

pub(crate) fn member(member: &Member) -> Record {
    record(MEMBER, member.participant.0.into(), write_member(Writer::new(), member))
}

pub(crate) fn read_member(value: &[u8]) -> Result<Member, DecodeError> {
    whole(value, member_fields)
}

pub(crate) fn commit(entry: &Entry) -> Record {
    record(COMMIT, entry.epoch, Writer::new().bytes(&entry.commit).bytes(&entry.ticket))
}

pub(crate) fn read_commit(key: RecordKey, value: &[u8]) -> Result<Entry, DecodeError> {
    whole(value, |r| {
        let commit = r.bytes(limits::COMMIT)?.into();
        Ok(Entry { epoch: key.number, commit, ticket: r.bytes(MAX_STATEMENT)?.into() })
    })
}

pub(crate) fn welcome(kept: &KeptWelcome) -> Record {
    record(WELCOME, kept.epoch, Writer::new().u64(kept.until.0).bytes(&kept.message))
}

pub(crate) fn read_welcome(key: RecordKey, value: &[u8]) -> Result<KeptWelcome, DecodeError> {
    whole(value, |r| {
        let until = UnixMillis(r.u64()?);
        Ok(KeptWelcome { epoch: key.number, until, message: r.bytes(limits::WELCOME)?.into() })
    })
}

pub(crate) fn invitation(index: usize, invitation: &Invitation) -> Record {
    let Invitation { id, wrap, card } = invitation;
    record(INVITATION, index as u64, Writer::new().fixed(&id.0).bytes(wrap).bytes(card))
}

pub(crate) fn read_invitation(value: &[u8]) -> Result<Invitation, DecodeError> {
    whole(value, |r| {
        let id = InvitationId(r.fixed()?);
        let wrap = r.bytes(limits::INVITATION_BLOB)?.to_vec();
        Ok(Invitation { id, wrap, card: r.bytes(limits::INVITATION_BLOB)?.to_vec() })
    })
}

pub(crate) fn certificate(certificate: &Verified<Certificate>) -> Record {
    let number = certificate_number(certificate.statement());
    record(CERTIFICATE, number, Writer::new().fixed(certificate.bytes()))
}

pub(crate) fn certificate_number(certificate: &Certificate) -> u64 {
    digest(&[&certificate.device.0, &certificate.group.0])
}

pub(crate) fn participant(participant: ParticipantId, device: DeviceKey) -> Record {
    record(PARTICIPANT, participant.0.into(), Writer::new().fixed(&device.0))
}

pub(crate) fn read_participant(
    key: RecordKey,
    value: &[u8],
) -> Result<(ParticipantId, DeviceKey), DecodeError> {
    let number = u32::try_from(key.number).map_err(|_| DecodeError::OutOfRange)?;
    whole(value, |r| Ok((ParticipantId(number), DeviceKey(r.fixed()?))))
}

pub(crate) fn undo(undo: &Undo) -> Record {
    let writer = write_rules(Writer::new(), &undo.rules)
        .list(&undo.added, |w, device| w.fixed(&device.0))
        .list(&undo.removed, write_member)
        .list(&undo.swapped, |w, (device, entered)| w.fixed(&device.0).u64(*entered));
    record(UNDO, 0, writer)
}

pub(crate) fn read_undo(value: &[u8]) -> Result<Undo, DecodeError> {
    whole(value, |r| {
        Ok(Undo {
            rules: read_rules(r)?,
            added: r.list(MAX_CHANGES, |r| Ok(DeviceKey(r.fixed()?)))?,
            removed: r.list(MAX_CHANGES, member_fields)?,
            swapped: r.list(MAX_CHANGES, |r| Ok((DeviceKey(r.fixed()?), r.u64()?)))?,
        })
    })
}

pub(crate) fn departed(device: DeviceKey, why: Removal) -> Record {
    let why = match why {
        Removal::Removed => 0,
        Removal::Left => 1,
        Removal::SessionReplaced => 2,
    };
    record(DEPARTED, departed_number(device), Writer::new().fixed(&device.0).u8(why))
}

pub(crate) fn departed_number(device: DeviceKey) -> u64 {
    digest(&[&device.0])
}

pub(crate) fn read_departed(value: &[u8]) -> Result<(DeviceKey, Removal), DecodeError> {
    whole(value, |r| {
        let device = DeviceKey(r.fixed()?);
        let why = match r.u8()? {
            0 => Removal::Removed,
            1 => Removal::Left,
            2 => Removal::SessionReplaced,
            _ => return Err(DecodeError::OutOfRange),
        };
        Ok((device, why))
    })
}

/// Before rules there was one byte for the lock, 0 or 1.
const RULES: u8 = 2;

fn write_rules(writer: Writer, rules: &RoomRules) -> Writer {
    rules.encode(writer.u8(RULES))
}

fn read_rules(r: &mut Reader<'_>) -> Result<RoomRules, DecodeError> {
    match r.u8()? {
        RULES => RoomRules::decode(r),
        locked => Ok(RoomRules { locked: locked != 0, ..RoomRules::default() }),
    }
}

fn write_member(writer: Writer, member: &Member) -> Writer {
    writer
        .fixed(&member.device.0)
        .u32(member.participant.0)
        .u8(member.role as u8)
        .u64(member.entered)
        .bytes(member.leaving.as_deref().unwrap_or_default())
}

fn member_fields(r: &mut Reader<'_>) -> Result<Member, DecodeError> {
    Ok(Member {
        device: DeviceKey(r.fixed()?),
        participant: ParticipantId(r.u32()?),
        role: Role::from_byte(r.u8()?)?,
        entered: r.u64()?,
        leaving: Some(Blob::from(r.bytes(MAX_STATEMENT)?)).filter(|leave| !leave.is_empty()),
    })
}

fn record(kind: u8, number: u64, value: Writer) -> Record {
    Record { key: RecordKey { kind, number }, value: value.finish() }
}

fn whole<T>(
    value: &[u8],
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let mut reader = Reader::new(value);
    let read = read(&mut reader)?;
    reader.finish()?;
    Ok(read)
}

fn digest(parts: &[&[u8]]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = sha256(parts);
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}
