//! The working group's vectors (sframe-wg/sframe, `test-vectors.json`), read from the folder that
//! `INCAMERA_VECTORS` names.

use super::*;
use crate::frames::key::SenderKey;
use serde_json::Value;

#[test]
fn headers_match_the_vectors() {
    let Some(vectors) = vectors() else { return };
    let headers = vectors["header"].as_array().unwrap();
    assert_eq!(headers.len(), 289);
    for vector in headers {
        let header = Header { kid: number(vector, "kid"), counter: number(vector, "ctr") };
        let encoded = bytes(vector, "encoded");
        assert_eq!(header.to_bytes(), encoded);
        assert_eq!(Header::read(&encoded), Ok((header, encoded.len())));
    }
}

#[test]
fn keys_nonces_and_ciphertexts_match_the_vectors() {
    let Some(vectors) = vectors() else { return };
    let suites = vectors["sframe"].as_array().unwrap();
    let ours = suites.iter().find(|vector| number(vector, "cipher_suite") == 4).unwrap();
    let base_key = Secret::new(bytes(ours, "base_key").try_into().unwrap());
    let (kid, counter) = (number(ours, "kid"), number(ours, "ctr"));
    let key = SenderKey::derive_for(&base_key, kid);
    assert_eq!(key.raw().expose().as_slice(), bytes(ours, "sframe_key"));
    assert_eq!(key.nonce(counter).as_slice(), bytes(ours, "nonce"));

    let header = Header { kid, counter }.to_bytes();
    let aad = [header.clone(), bytes(ours, "metadata")].concat();
    assert_eq!(aad, bytes(ours, "aad"));
    let mut text = bytes(ours, "pt");
    let tag = key.encrypt(counter, &aad, &mut text);
    let sealed = [header, text.clone(), tag.to_vec()].concat();
    assert_eq!(sealed, bytes(ours, "ct"));
    assert!(key.decrypt(counter, &aad, &mut text, &tag));
    assert_eq!(text, bytes(ours, "pt"));
}

fn vectors() -> Option<Value> {
    let Some(folder) = std::env::var_os("INCAMERA_VECTORS") else {
        println!("skipped: INCAMERA_VECTORS is not set");
        return None;
    };
    let file = std::path::Path::new(&folder).join("sframe.json");
    Some(serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap())
}

fn number(vector: &Value, field: &str) -> u64 {
    vector[field].as_u64().unwrap()
}

fn bytes(vector: &Value, field: &str) -> Vec<u8> {
    let hex = vector[field].as_str().unwrap();
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}
