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

/// Body of `POST /api/v1/meetings/<id>/reports`: what somebody writes to those who run the server, who
/// can read it. Answered with 201.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteReport {
    pub category: ReportCategory,
    /// At most [`MAX_REPORT`] characters.
    pub text: String,
}

/// The longest report, in characters.
pub const MAX_REPORT: usize = 1_000;

/// What a report is about, in its writer's view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportCategory {
    /// Somebody behaves badly.
    Conduct,
    /// Somebody was there who should not have been.
    Intruder,
    /// Something forbidden by law.
    Unlawful,
    Other,
}

impl ReportCategory {
    pub fn name(self) -> &'static str {
        match self {
            ReportCategory::Conduct => "conduct",
            ReportCategory::Intruder => "intruder",
            ReportCategory::Unlawful => "unlawful",
            ReportCategory::Other => "other",
        }
    }
}
