//! Wrappers that keep secrets and personal data out of logs.

use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// `N` secret bytes: redacted in `Debug`, compared in constant time, wiped on drop.
#[derive(Clone)]
pub struct Secret<const N: usize>([u8; N]);

impl<const N: usize> Secret<N> {
    /// Takes ownership of secret bytes.
    pub fn new(bytes: [u8; N]) -> Self {
        Secret(bytes)
    }

    /// The bytes themselves. Never log them and never keep a copy.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> PartialEq for Secret<N> {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl<const N: usize> Eq for Secret<N> {}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Personal data such as a display name: usable, but redacted in `Debug`.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    /// Marks `value` as personal data.
    pub fn new(value: T) -> Self {
        Pii(value)
    }

    /// The value, for showing to the people it is meant for.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// The value, no longer marked.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pii(…)")
    }
}
