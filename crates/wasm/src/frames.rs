//! SFrame for the frame worker. Kinds are their context numbers: microphone 0, camera 1, screen 2,
//! screen audio 3. Epochs and counters are whole JavaScript numbers. Errors are thrown as their
//! names.

mod opener;
mod sealer;

use base::Secret;
use e2ee::frames::{Header, Kind, LeaseError, OpenError, SealError};
use wasm_bindgen::prelude::*;

fn kind(number: u8) -> Result<Kind, JsValue> {
    Kind::ALL.get(usize::from(number)).copied().ok_or_else(|| "no_such_kind".into())
}

fn base_key(bytes: &[u8]) -> Result<Secret<16>, JsValue> {
    bytes.try_into().map(Secret::new).map_err(|_| "base_key_has_16_bytes".into())
}

fn open_error(error: OpenError) -> JsValue {
    match error {
        OpenError::Plaintext => "plaintext",
        OpenError::UnknownKid => "unknown_kid",
        OpenError::StaleEpoch => "stale_epoch",
        OpenError::WrongKind => "wrong_kind",
        OpenError::RemovedLeaf => "removed_leaf",
        OpenError::Forbidden => "forbidden",
        OpenError::Repeated => "repeated",
        OpenError::Forged => "forged",
    }
    .into()
}

fn seal_error(error: SealError) -> JsValue {
    match error {
        SealError::Paused => "paused",
        SealError::NoLease => "no_lease",
        SealError::TooShort => "too_short",
    }
    .into()
}

fn lease_error(error: LeaseError) -> JsValue {
    match error {
        LeaseError::OtherEpoch => "other_epoch",
        LeaseError::Repeated => "repeated",
        LeaseError::OutOfRange => "out_of_range",
    }
    .into()
}

/// The SFrame header of a key ID and a counter (RFC 9605 §4.3).
#[wasm_bindgen(js_name = encodeHeader)]
pub fn encode_header(kid: u64, counter: u64) -> Vec<u8> {
    Header { kid, counter }.to_bytes()
}

/// The key ID, the counter and the length of the SFrame header that `bytes` begin with.
#[wasm_bindgen(js_name = decodeHeader)]
pub fn decode_header(bytes: &[u8]) -> Result<Vec<u64>, JsValue> {
    let (header, len) = Header::read(bytes).map_err(|_| open_error(OpenError::Plaintext))?;
    Ok(vec![header.kid, header.counter, len as u64])
}
