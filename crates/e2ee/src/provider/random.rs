//! Randomness for MLS, straight from the operating system or the browser: there is no generator
//! whose state could be copied and repeat.

use super::OneSuite;
use openmls_traits::random::OpenMlsRand;

impl OpenMlsRand for OneSuite {
    type Error = getrandom::Error;

    fn random_array<const N: usize>(&self) -> Result<[u8; N], Self::Error> {
        let mut out = [0; N];
        getrandom::getrandom(&mut out)?;
        Ok(out)
    }

    fn random_vec(&self, len: usize) -> Result<Vec<u8>, Self::Error> {
        let mut out = vec![0; len];
        getrandom::getrandom(&mut out)?;
        Ok(out)
    }
}
