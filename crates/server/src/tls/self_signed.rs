//! A certificate made on this machine. Kept, so that a phone told once to accept it is not asked
//! again; made anew when the names change.

use super::{TlsError, address_names, files, write_private};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, date_time_ymd};
use rustls::sign::CertifiedKey;
use std::net::IpAddr;
use std::path::Path;

const CERTIFICATE: &str = "self-signed.pem";
const KEY: &str = "self-signed.key";
const NAMES: &str = "self-signed.names";

pub(super) fn load_or_make(
    directory: &Path,
    names: &[String],
    addresses: &[IpAddr],
) -> Result<CertifiedKey, TlsError> {
    let mut wanted: Vec<String> = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    wanted.extend(names.iter().cloned().chain(address_names(addresses)));
    wanted.sort();
    wanted.dedup();
    if std::fs::read_to_string(directory.join(NAMES)).ok() != Some(wanted.join("\n")) {
        make(directory, &wanted)?;
    }
    let certificate = files::read(&directory.join(CERTIFICATE))?;
    files::parse(&certificate, &files::read(&directory.join(KEY))?)
}

fn make(directory: &Path, names: &[String]) -> Result<(), TlsError> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "In Camera on this network");
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2046, 1, 1);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    write_private(directory, KEY, &key.serialize_pem())?;
    write_private(directory, CERTIFICATE, &certificate.pem())?;
    write_private(directory, NAMES, &names.join("\n"))
}
