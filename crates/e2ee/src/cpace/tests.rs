//! The draft's vectors (`testvectors.json`), read from the folder that `INCAMERA_VECTORS` names,
//! and what must hold without them.
#![allow(clippy::unwrap_used)] // A panic in a test is its report, in its helpers too.

use super::*;
use proptest::prelude::*;
use serde_json::Value;

const AF: &str = "af46e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449aff";

/// The draft's §B.1.11: for each invalid point what plain X25519 makes of it. Empty: zero.
const PRODUCTS: [&str; 12] = [
    "",
    "",
    "",
    "",
    "",
    "",
    "d8e2c776bbacd510d09fd9278b7edcd25fc5ae9adfba3b6e040e8d3b71b21806",
    "",
    "c85c655ebe8be44ba9c0ffde69f2fe10194458d137f09bbff725ce58803cdb38",
    "db64dafa9b8fdd136914e61461935fe92aa372cb056314e1231bc4ec12417456",
    "e062dcd5376d58297be2618c7498f55baa07d7e03184e8aada20bca28888bf7a",
    "993c6ad11c4c29da9a56f7691fd0ff8d732e49de6250b6c2e80003ff4629a175",
];

#[test]
fn the_generator_and_both_shares_match_the_vectors() {
    let Some(vector) = vectors("G_25519") else { return };
    let generator = setting(&vector).generator();
    assert_eq!(generator.expose().as_slice(), bytes(&vector, "g"));
    for (scalar, point) in [("ya", "Ya"), ("yb", "Yb")] {
        let share = Share::with(&generator, Secret::new(array(&vector, scalar)));
        assert_eq!(share.public().as_slice(), bytes(&vector, point));
    }
}

#[test]
fn the_shared_point_and_the_key_match_the_vectors_on_both_sides() {
    let Some(vector) = vectors("G_25519") else { return };
    let generator = setting(&vector).generator();
    for (scalar, point) in [("ya", "Yb"), ("yb", "Ya")] {
        let share = Share::with(&generator, Secret::new(array(&vector, scalar)));
        let shared = share.agree(&array(&vector, point)).unwrap();
        assert_eq!(shared.expose().as_slice(), bytes(&vector, "K"));
        let (ada, adb) = (bytes(&vector, "ADa"), bytes(&vector, "ADb"));
        let transcript = Transcript {
            initiator: Sent { point: array(&vector, "Ya"), ad: &ada },
            responder: Sent { point: array(&vector, "Yb"), ad: &adb },
        };
        let key = transcript.key(&bytes(&vector, "sid"), &shared);
        assert_eq!(key.expose().as_slice(), bytes(&vector, "ISK_IR"));
        let sid_output = Sha512::new().chain_update(b"CPaceSidOutput");
        let sid_output = sid_output.chain_update(transcript.encode()).finalize();
        assert_eq!(sid_output.as_slice(), bytes(&vector, "sid_output_ir"));
    }
}

#[test]
fn x25519_of_each_invalid_point_matches_the_draft_and_each_is_refused() {
    let Some(points) = vectors("X25519_points") else { return };
    let scalar = hex(AF).try_into().unwrap();
    let share = Share { scalar: Secret::new(scalar), public: [0; 32] };
    assert_eq!(points.as_object().unwrap().len(), PRODUCTS.len());
    for (number, product) in PRODUCTS.iter().enumerate() {
        let point = array(&points, &format!("Invalid Y{number}"));
        let mut expected = hex(product);
        expected.resize(32, 0);
        assert_eq!(x25519(&share.scalar, &point).as_slice(), expected, "Y{number}");
        assert_eq!(share.agree(&point), Err(InvalidPoint), "Y{number}");
    }
}

#[test]
fn lengths_are_written_in_leb128() {
    assert_eq!(lv(&[b"", b"ab"]), [0, 2, b'a', b'b']);
    assert_eq!(lv(&[&[7; 128]])[..3], [0x80, 1, 7]);
    assert_eq!(lv(&[&[7; 300]])[..3], [0xac, 2, 7]);
}

#[test]
fn only_the_lowest_encoding_of_a_coordinate_is_taken() {
    let mut prime = [0xff; 32];
    (prime[0], prime[31]) = (0xed, 0x7f);
    assert!(!is_canonical(&prime));
    prime[0] = 0xec;
    assert!(is_canonical(&prime));
    prime[31] = 0xff;
    assert!(!is_canonical(&prime));
    prime[0] = 0xff;
    prime[30] = 0xfe;
    prime[31] = 0x7f;
    assert!(is_canonical(&prime));
}

proptest! {
    #[test]
    fn whatever_the_password_both_sides_agree(prs: Vec<u8>, a: [u8; 32], b: [u8; 32]) {
        let setting = Setting { prs: &prs, ci: b"ci", sid: b"sid" };
        let generator = setting.generator();
        let (a, b) = (
            Share::with(&generator, Secret::new(a)),
            Share::with(&generator, Secret::new(b)),
        );
        prop_assert!(is_canonical(&a.public()));
        prop_assert_eq!(a.agree(&b.public()), b.agree(&a.public()));
    }

    #[test]
    fn every_mapped_point_is_on_the_curve(r: [u8; 32]) {
        let point = MontgomeryPoint(elligator::map(&r));
        prop_assert!(point.to_edwards(0).is_some());
    }
}

fn setting(vector: &Value) -> Setting<'static> {
    let part = |name| bytes(vector, name).leak() as &[u8];
    Setting { prs: part("PRS"), ci: part("CI"), sid: part("sid") }
}

fn vectors(group: &str) -> Option<Value> {
    let Some(folder) = std::env::var_os("INCAMERA_VECTORS") else {
        println!("skipped: INCAMERA_VECTORS is not set");
        return None;
    };
    let file = std::path::Path::new(&folder).join("cpace.json");
    let all: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    Some(all[group].clone())
}

fn array(vector: &Value, field: &str) -> [u8; 32] {
    bytes(vector, field).try_into().unwrap()
}

fn bytes(vector: &Value, field: &str) -> Vec<u8> {
    hex(vector[field].as_str().unwrap())
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}
