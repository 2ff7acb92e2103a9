//! Entry functions of the fuzz targets. Each takes arbitrary bytes, panics only if a promise is
//! broken, and is what `fuzz/` runs, the corpus replay runs, and the property tests run.

mod frames;
mod outside;
mod rules;
mod session;

pub use frames::{frame, frame_seeds};
pub use outside::{knock, knock_seeds, link, link_seeds, passcode, passcode_seeds};
pub use rules::commit_facts;
pub use session::session;

use crate::content::Content;
use crate::key_package::VerifiedKeyPackage;
use crate::manifest::Manifest;
use crate::mark::Mark;
use crate::policy::Policy;
use base::statement::{
    Certificate, Doorbell, End, Hello, Leave, Statement, Swap, Ticket, Unverified, Void,
};

/// Everything a member sends, and what a device saved: what decodes encodes to the same bytes.
pub fn content(data: &[u8]) {
    if let Ok(content) = Content::decode(data) {
        assert_eq!(content.encode(), data);
        assert!(content.is_within_bounds());
    }
    if let Ok(policy) = Policy::decode(data) {
        assert_eq!(policy.encode(), data);
        let _ = (policy.host(), policy.certificates_are_sound());
    }
    if let Ok(manifest) = Manifest::decode(data) {
        assert_eq!(manifest.encode(), data);
    }
    if let Ok(mark) = Mark::decode(data) {
        assert_eq!(mark.encode(), data);
    }
    let _ = VerifiedKeyPackage::read(data);
}

/// Signed statements: the first byte picks the kind. Nothing verifies under a key that signed
/// nothing.
pub fn statements(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    match kind % 9 {
        0 => statement::<Certificate>(bytes),
        1 => statement::<Hello>(bytes),
        2 => statement::<Doorbell>(bytes),
        3 => statement::<Ticket>(bytes),
        4 => statement::<Swap>(bytes),
        5 => statement::<Leave>(bytes),
        6 => statement::<Void>(bytes),
        7 => statement::<End>(bytes),
        _ => drop(Unverified::<Certificate>::read(bytes)),
    }
}

fn statement<S: Statement>(bytes: &[u8]) {
    let Ok(unverified) = Unverified::<S>::read(bytes) else { return };
    let encoded = unverified.claim().encode(base::codec::Writer::new()).finish();
    assert_eq!(encoded, bytes[..bytes.len() - 64]);
    let silent = base::statement::Signer::from_seed(&base::Secret::new([0x5a; 32]));
    assert!(unverified.verify(&silent.public()).is_err());
}
