//! Entry functions of the fuzz targets outside end-to-end cryptography. Each takes arbitrary bytes,
//! panics only if a promise is broken, and is what `fuzz/` and the corpus replay run.

mod media;
mod signalling;

pub use media::{datagram, offer};
pub use signalling::{client, signalling};
