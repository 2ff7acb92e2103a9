//! What all participants counted, as one JSON object. Times are milliseconds unless a name says
//! otherwise.

use super::Intervals;
use super::options::Options;
use crate::report::Report;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Reasons for which a frame may be dropped around a change of keys without anybody's fault.
const EXPECTED: [&str; 3] = ["unknown_kid", "stale_epoch", "repeated"];

/// What was measured from outside the participants.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    /// When everything began, by the clock on the wall.
    pub began: u64,
    /// When the tool's own host let everyone in.
    pub admitted: Option<u64>,
    /// Once everyone was in: how long, with how much CPU time, how many datagrams.
    pub time: Duration,
    pub cpu: Duration,
    pub sent: u64,
    pub received: u64,
}

#[derive(Debug, Serialize)]
pub struct Summary {
    pub participants: usize,
    pub joins: Joins,
    /// Participants that follow the group's messages themselves.
    pub mls: usize,
    /// Participants that are in the group and get its frame keys from this tool's own members.
    pub followers: usize,
    pub cameras: usize,
    pub speakers: usize,
    /// The moment, in Unix time, from which the times named `…_at_ms` count.
    pub began_unix_ms: u64,
    pub joined_at_ms: Spread,
    /// The first verified frame that could be shown or played.
    pub first_frame_at_ms: Spread,
    /// From asking to be let in until in the meeting with keys.
    pub join_ms: Spread,
    /// From being let in (by this tool's host: from its *Admit all*; else from the Welcome) until
    /// that first frame.
    pub admit_to_frame_ms: Spread,
    /// From *Admit all* by this tool's own host until the last was in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admit_to_all_in_ms: Option<u64>,
    pub packets: Packets,
    pub frames: Frames,
    pub audio_gap_ms: Gaps,
    pub tool: Tool,
    /// What does not hold, in words; empty when all is well.
    pub problems: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct Joins {
    pub wanted: usize,
    pub joined: usize,
}

/// How a time is spread over participants.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    pub n: usize,
    pub p50: u64,
    pub p95: u64,
    pub max: u64,
}

#[derive(Debug, Default, Serialize)]
pub struct Packets {
    pub sent: u64,
    pub received: u64,
    pub lost: u64,
    pub loss: f64,
    /// A second time, or after they had been given up.
    pub repeated: u64,
    /// RTP headers with a fault, by fault.
    pub bad_headers: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Default, Serialize)]
pub struct Frames {
    pub sent: u64,
    pub verified: u64,
    /// Everything but the tag was checked.
    pub unopened: u64,
    pub rejected: BTreeMap<&'static str, u64>,
    /// Of which only a part arrived.
    pub broken: u64,
    /// With a counter not above the one before.
    pub counters_back: u64,
}

/// Inter-arrival of sound less 20 ms.
#[derive(Debug, Default, Serialize)]
pub struct Gaps {
    pub n: u64,
    pub p50: u64,
    pub p95: u64,
    pub p99: u64,
    pub max: u64,
}

/// What the tool itself used while everyone was in: whether it was the bottleneck.
#[derive(Debug, Serialize)]
pub struct Tool {
    pub threads: usize,
    pub seconds: f64,
    pub cpu_seconds: f64,
    /// Datagrams, not only RTP.
    pub sent: u64,
    pub received: u64,
    pub cpu_us_per_packet: f64,
}

impl Summary {
    pub fn new(options: &Options, reports: &[Report], measured: &Measured) -> Summary {
        let since = |at: Option<u64>, from: Option<u64>| Some(at?.saturating_sub(from?));
        let admitted = |r: &Report| measured.admitted.or(r.admitted_ms);
        let joined = reports.iter().filter(|r| r.joined_ms.is_some()).count();
        let last = reports.iter().filter_map(|r| r.joined_ms).max();
        let mut intervals = Intervals::default();
        reports.iter().for_each(|r| intervals.add(&r.intervals));
        let mut summary = Summary {
            participants: options.participants,
            joins: Joins { wanted: options.participants, joined },
            mls: options.members,
            followers: options.participants - options.members,
            cameras: options.cameras,
            speakers: options.speakers,
            began_unix_ms: measured.began,
            joined_at_ms: Spread::of(reports.iter().map(|r| r.joined_ms)),
            first_frame_at_ms: Spread::of(reports.iter().map(|r| r.first_frame_ms)),
            join_ms: Spread::of(reports.iter().map(|r| since(r.joined_ms, r.knocked_ms))),
            admit_to_frame_ms: Spread::of(
                reports.iter().map(|r| since(r.first_frame_ms, admitted(r))),
            ),
            admit_to_all_in_ms: since(last, measured.admitted),
            packets: Packets::of(reports),
            frames: Frames::of(reports),
            audio_gap_ms: Gaps::of(&intervals),
            tool: Tool::of(options, measured),
            problems: Vec::new(),
        };
        summary.problems = summary.find_problems(reports);
        summary
    }

    fn find_problems(&self, reports: &[Report]) -> Vec<String> {
        let mut problems = Vec::new();
        let Joins { wanted, joined } = self.joins;
        if joined < wanted {
            problems.push(format!("{} of {wanted} did not get in", wanted - joined));
        }
        let mut ends: BTreeMap<String, usize> = BTreeMap::new();
        for report in reports.iter().filter(|r| r.phase != "left" && r.phase != "ended") {
            let why = report.error.as_ref().or(report.problem.as_ref());
            let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
            *ends.entry(format!("{}{why}", report.phase)).or_default() += 1;
        }
        let ends = ends.into_iter().map(|(end, count)| format!("{count} ended as {end}"));
        problems.extend(ends);
        for (fault, count) in &self.packets.bad_headers {
            problems.push(format!("{count} RTP headers: {fault}"));
        }
        for (why, count) in self.frames.rejected.iter().filter(|(why, _)| !EXPECTED.contains(why)) {
            problems.push(format!("{count} frames rejected: {why}"));
        }
        // A packet that was resent, or given up, puts frames out of order without anybody's fault.
        let in_order = self.packets.lost + self.packets.repeated == 0;
        if in_order && self.frames.counters_back > 0 {
            problems.push(format!("{} frames with an old counter", self.frames.counters_back));
        }
        let others_send = self.cameras.max(self.speakers) > 1;
        let sees = |r: &&Report| r.first_frame_ms.is_some();
        let blind = reports.len() - reports.iter().filter(sees).count();
        if others_send && blind > 0 {
            problems.push(format!("{blind} saw and heard nothing"));
        }
        problems
    }
}

impl Spread {
    fn of(times: impl Iterator<Item = Option<u64>>) -> Spread {
        let mut times: Vec<u64> = times.flatten().collect();
        times.sort_unstable();
        let at = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100).max(1);
            times.get(rank - 1).copied().unwrap_or(0)
        };
        Spread { n: times.len(), p50: at(50), p95: at(95), max: at(100) }
    }
}

impl Packets {
    fn of(reports: &[Report]) -> Packets {
        let mut packets = Packets::default();
        for Report { sent, received, .. } in reports {
            packets.sent += sent.packets;
            packets.received += received.packets;
            packets.lost += received.lost;
            packets.repeated += received.repeated;
            for (fault, count) in &received.headers {
                *packets.bad_headers.entry(fault).or_default() += count;
            }
        }
        packets.loss = packets.lost as f64 / (packets.received + packets.lost).max(1) as f64;
        packets
    }
}

impl Frames {
    fn of(reports: &[Report]) -> Frames {
        let mut frames = Frames::default();
        for Report { sent, received, .. } in reports {
            frames.sent += sent.audio_packets + sent.video_frames.iter().sum::<u64>();
            frames.verified += received.verified;
            frames.unopened += received.unopened;
            frames.broken += received.broken;
            frames.counters_back += received.counters_back;
            for (why, count) in &received.rejected {
                *frames.rejected.entry(why).or_default() += count;
            }
        }
        frames
    }
}

impl Gaps {
    fn of(intervals: &Intervals) -> Gaps {
        let [p50, p95, p99] = [500, 950, 990].map(|permille| intervals.permille(permille));
        Gaps { n: intervals.total(), p50, p95, p99, max: intervals.longest().as_millis() as u64 }
    }
}

impl Tool {
    fn of(options: &Options, measured: &Measured) -> Tool {
        let packets = (measured.sent + measured.received).max(1) as f64;
        Tool {
            threads: options.threads,
            seconds: measured.time.as_secs_f64(),
            cpu_seconds: measured.cpu.as_secs_f64(),
            sent: measured.sent,
            received: measured.received,
            cpu_us_per_packet: (measured.cpu.as_secs_f64() * 1e7 / packets).round() / 10.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_those_that_have_a_time() {
        let spread = Spread::of((1..=100).map(Some).chain([None]));
        assert_eq!(spread, Spread { n: 100, p50: 50, p95: 95, max: 100 });
        assert_eq!(Spread::of([None].into_iter()), Spread::default());
    }
}
