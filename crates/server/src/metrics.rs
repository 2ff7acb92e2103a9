//! Counters and gauges, written as Prometheus text (exposition format 0.0.4). Nothing here is
//! labelled by person, meeting or address.

use meeting::Warning;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// Something that only grows.
#[derive(Default)]
pub struct Counter(AtomicU64);

/// Something that comes and goes.
#[derive(Default)]
pub struct Gauge(AtomicI64);

impl Counter {
    pub fn increment(&self) {
        self.add(1);
    }

    pub fn add(&self, by: u64) {
        self.0.fetch_add(by, Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

impl Gauge {
    pub fn add(&self, by: i64) {
        self.0.fetch_add(by, Relaxed);
    }

    pub fn get(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

/// Why something a peer asked for was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    AddressRate,
    AddressConnections,
    Connections,
    NotAccepted,
    ConnectionRate,
    OfferRate,
    MeetingRate,
    CreationRate,
    ReportRate,
    Malformed,
    Oversize,
    NotAuthentic,
    ForeignOrigin,
    SlowReader,
    SlowRequest,
    Idle,
    NoHello,
    Draining,
}

const REFUSALS: &[(Refusal, &str)] = &[
    (Refusal::AddressRate, "address_rate"),
    (Refusal::AddressConnections, "address_connections"),
    (Refusal::Connections, "connections"),
    (Refusal::NotAccepted, "not_accepted"),
    (Refusal::ConnectionRate, "connection_rate"),
    (Refusal::OfferRate, "offer_rate"),
    (Refusal::MeetingRate, "meeting_rate"),
    (Refusal::CreationRate, "creation_rate"),
    (Refusal::ReportRate, "report_rate"),
    (Refusal::Malformed, "malformed"),
    (Refusal::Oversize, "oversize"),
    (Refusal::NotAuthentic, "not_authentic"),
    (Refusal::ForeignOrigin, "foreign_origin"),
    (Refusal::SlowReader, "slow_reader"),
    (Refusal::SlowRequest, "slow_request"),
    (Refusal::Idle, "idle"),
    (Refusal::NoHello, "no_hello"),
    (Refusal::Draining, "draining"),
];

/// What meetings report, by the names of the metric's label.
const WARNINGS: &[(Warning, &str)] = &[
    (Warning::NotAllowed, "not_allowed"),
    (Warning::Late, "late"),
    (Warning::BadCertificate, "bad_certificate"),
    (Warning::Conflict, "conflict"),
    (Warning::TooFast, "too_fast"),
    (Warning::TooMany, "too_many"),
    (Warning::UnknownConnection, "unknown_connection"),
];

#[derive(Default)]
pub struct Metrics {
    pub connections: Gauge,
    /// Of these, who has said nothing whole yet.
    pub openings: Gauge,
    pub sockets: Gauge,
    pub meetings_loaded: Gauge,
    pub meetings_created: Counter,
    pub messages_received: Counter,
    pub messages_sent: Counter,
    pub commits_told: Counter,
    pub store_failures: Counter,
    pub reports: Counter,
    refused: [Counter; REFUSALS.len()],
    warnings: [Counter; WARNINGS.len()],
}

impl Metrics {
    pub fn refuse(&self, refusal: Refusal) {
        let at = REFUSALS.iter().position(|(known, _)| *known == refusal);
        self.refused[at.expect("every refusal is listed")].increment();
    }

    /// Counts what a meeting reported.
    pub fn warn(&self, warning: Warning) {
        let at = WARNINGS.iter().position(|(known, _)| *known == warning);
        self.warnings[at.expect("every warning is listed")].increment();
    }

    /// Connections with something to end: whoever has said nothing whole yet waits for nothing.
    pub fn speaking(&self) -> i64 {
        self.connections.get() - self.openings.get()
    }

    /// All values, as `/metrics` serves them.
    pub fn render(&self) -> String {
        let mut out = String::new();
        gauge(&mut out, "connections", "Open TCP connections.", &self.connections);
        gauge(&mut out, "openings", "Of them, without a first request yet.", &self.openings);
        gauge(&mut out, "sockets", "Open signalling connections.", &self.sockets);
        gauge(&mut out, "meetings_loaded", "Meetings in memory.", &self.meetings_loaded);
        counter(&mut out, "meetings_created", "Meetings created.", &self.meetings_created);
        counter(&mut out, "messages_received", "Signalling messages.", &self.messages_received);
        counter(&mut out, "messages_sent", "Signalling messages.", &self.messages_sent);
        counter(&mut out, "commits_told", "Commits times recipients.", &self.commits_told);
        counter(&mut out, "store_failures", "Writes that failed.", &self.store_failures);
        counter(&mut out, "reports", "Reports to those who run the server.", &self.reports);
        head(&mut out, "refused_total", "counter", "Refusals by reason.");
        for ((_, reason), counter) in REFUSALS.iter().zip(&self.refused) {
            line(&mut out, &format!("refused_total{{reason=\"{reason}\"}}"), counter.get());
        }
        head(&mut out, "meeting_refused_total", "counter", "Refusals by meetings' rules.");
        for ((_, reason), counter) in WARNINGS.iter().zip(&self.warnings) {
            line(&mut out, &format!("meeting_refused_total{{reason=\"{reason}\"}}"), counter.get());
        }
        out
    }
}

/// Appends what the media threads counted.
pub fn render_media(out: &mut String, media: &crate::media::Metrics) {
    for (name, value) in media.list() {
        let name = format!("media_{name}_total");
        head(out, &name, "counter", "See the media threads.");
        line(out, &name, value);
    }
}

fn gauge(out: &mut String, name: &str, help: &str, gauge: &Gauge) {
    head(out, name, "gauge", help);
    line(out, name, gauge.get());
}

fn counter(out: &mut String, name: &str, help: &str, counter: &Counter) {
    let name = format!("{name}_total");
    head(out, &name, "counter", help);
    line(out, &name, counter.get());
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = write!(out, "# HELP incamera_{name} {help}\n# TYPE incamera_{name} {kind}\n");
}

fn line(out: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = writeln!(out, "incamera_{name} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_counted_under_its_reason() {
        let metrics = Metrics::default();
        metrics.refuse(Refusal::Malformed);
        let text = metrics.render();
        assert!(text.contains("incamera_refused_total{reason=\"malformed\"} 1\n"), "{text}");
        assert!(text.contains("incamera_refused_total{reason=\"idle\"} 0\n"), "{text}");
    }
}
