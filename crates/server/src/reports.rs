//! `incamera-server reports`: what people have written to those who run the server.

use base::UnixMillis;
use std::io::{self, Write};
use std::path::Path;
use store::{Report, Store, StoreError};
use store_sqlite::SqliteStore;

/// The operator's mistake, or the machine's.
#[derive(Debug, thiserror::Error)]
pub enum ReportsError {
    #[error("data-dir: there is no {} in it", store_sqlite::FILE)]
    NoData,
    #[error("data-dir: {0}")]
    Store(#[from] StoreError),
    #[error("the reports could not be written out: {0}")]
    Output(#[from] io::Error),
}

/// Writes every report to `out`, a JSON object a line, oldest first. With `delete`, those that were
/// written out are then dropped. A server may be running on the same data.
pub async fn print(
    directory: &Path,
    delete: bool,
    out: &mut impl Write,
) -> Result<(), ReportsError> {
    if !directory.join(store_sqlite::FILE).exists() {
        return Err(ReportsError::NoData);
    }
    let store = SqliteStore::open(directory).await?;
    let reports = store.reports().await?;
    for report in &reports {
        writeln!(out, "{}", line(report))?;
    }
    out.flush()?;
    if let Some(newest) = reports.iter().map(|report| report.at.0).max().filter(|_| delete) {
        store.forget_reports(UnixMillis(newest + 1)).await?;
    }
    store.close().await;
    Ok(())
}

fn line(Report { meeting, at, category, text }: &Report) -> serde_json::Value {
    serde_json::json!({
        "at": utc(*at), "meeting": meeting.to_text(), "category": category, "text": text,
    })
}

/// The moment as RFC 3339 writes it, to the second.
fn utc(at: UnixMillis) -> String {
    let seconds = at.0 / 1_000;
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let (year, month, day) = date(seconds / 86_400);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a day since 1970, in the Gregorian calendar.
fn date(mut day: u64) -> (u64, u64, u64) {
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while day >= 365 + u64::from(leap(year)) {
        day -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    (year, month, day + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_calendars_have_them() {
        for (seconds, written) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_798_761_600, "2027-01-01T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(UnixMillis(seconds * 1_000)), written);
        }
    }
}
