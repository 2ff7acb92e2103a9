use crate::Bytes;
use crate::bytes::{meeting_id, meeting_key};
use base::{MeetingId, MeetingKey};
use serde::{Deserialize, Serialize};

/// Body of `POST /api/v1/meetings`. Answered with 201 and [`MeetingInfo`], 409 if the id is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateMeeting {
    #[serde(with = "meeting_id")]
    pub id: MeetingId,
    /// HK public.
    #[serde(with = "meeting_key")]
    pub key: MeetingKey,
    /// A host [`base::statement::Certificate`] for the creating device, signed by HK: proof that
    /// the creator holds HK.
    pub certificate: Bytes,
}

/// Body of `GET /api/v1/meetings/<id>`; 404 if there is no such meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingInfo {
    #[serde(with = "meeting_id")]
    pub id: MeetingId,
    #[serde(with = "meeting_key")]
    pub key: MeetingKey,
    pub state: MeetingState,
}

/// What becomes of someone who opens the meeting's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetingState {
    Open,
    Ended,
}
