//! What somebody chooses to write to those who run the server. It is kept as it was typed, with the
//! meeting's id and the time, and nothing else: no name, no device, no address.

use super::api::{ApiError, enter, json, ours, read_body, read_json, store_error};
use super::{App, Counted};
use crate::metrics::Refusal;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use std::sync::Arc;
use store::Report;
use wire::{ErrorCode, MAX_REPORT, WriteReport};

const EXPECTED: &str = "expected an object with category (conduct, intruder, unlawful or other) and \
    text of 1 to 1000 characters";
const TOO_FAST: ApiError = ApiError(
    StatusCode::TOO_MANY_REQUESTS,
    ErrorCode::TooFast,
    "too many reports from this address; try again later",
);

/// `POST /api/v1/meetings/{id}/reports`.
pub(super) async fn write(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Extension(Counted(address)): Extension<Counted>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    ours(&app, &headers)?;
    if !app.reports.take(address, app.clock.mono()) {
        app.metrics.refuse(Refusal::ReportRate);
        return Err(TOO_FAST);
    }
    let written: WriteReport = read_json(&headers, read_body(&app, body).await?, EXPECTED)?;
    let text = fit(&written.text).ok_or(ApiError(
        StatusCode::BAD_REQUEST,
        ErrorCode::Malformed,
        EXPECTED,
    ))?;
    let (meeting, _) = enter(&app, &id).await?;
    let (at, category) = (app.clock.now().wall, written.category.name().to_owned());
    app.store.report(Report { meeting, at, category, text }).await.map_err(store_error)?;
    app.metrics.reports.increment();
    tracing::info!(meeting = %meeting.loggable(), "a report was written");
    Ok(json(StatusCode::CREATED, &serde_json::json!({})))
}

/// The text as it is kept: some words, and no character but the line's end that moves a terminal.
fn fit(text: &str) -> Option<String> {
    let text = text.trim().replace("\r\n", "\n");
    let plain = text.chars().all(|c| c == '\n' || !c.is_control());
    (plain && !text.is_empty() && text.chars().count() <= MAX_REPORT).then_some(text)
}
