//! Embeds `web/dist` and a brotli form of what compresses. Without it the server still builds, and
//! says on `/` what to run.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo"));
    let dist = manifest.join("../../web/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");

    let mut files = Vec::new();
    if dist.is_dir() {
        collect(&dist, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for (index, file) in files.iter().enumerate() {
        let path = file.strip_prefix(&dist).expect("collected below dist");
        let url = format!("/{}", path.to_str().expect("asset names are UTF-8").replace('\\', "/"));
        let body = fs::read(file)?;
        let brotli = compress(&body, &out.join(format!("{index}.br")))?;
        writeln!(
            table,
            "Asset {{ path: {url:?}, etag: {:?}, body: include_bytes!({:?}), brotli: {} }},",
            format!("\"{:016x}\"", fnv1a(&body)),
            file.canonicalize()?,
            brotli.map_or("None".to_owned(), |path| format!("Some(include_bytes!({path:?}))")),
        )
        .expect("writing to a string succeeds");
    }
    table.push(']');
    fs::write(out.join("assets.rs"), table)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let precompressed = path.extension().is_some_and(|e| e == "br" || e == "gz");
        if path.is_dir() {
            collect(&path, files)?;
        } else if !precompressed {
            files.push(path);
        }
    }
    Ok(())
}

/// The path of the compressed form, if it saves anything.
fn compress(body: &[u8], path: &Path) -> io::Result<Option<PathBuf>> {
    let mut compressed = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &*body, &mut compressed, &params)?;
    if compressed.len() + 32 >= body.len() {
        return Ok(None);
    }
    fs::write(path, compressed)?;
    Ok(Some(path.to_owned()))
}

/// FNV-1a, enough to tell one build's file from another's in an ETag.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
