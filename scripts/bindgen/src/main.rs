//! `bindgen IN.wasm OUT_DIR NAME`: writes the ES module and its types for the web.

use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, out, name] = arguments.as_slice() else {
        eprintln!("usage: bindgen IN.wasm OUT_DIR NAME");
        return ExitCode::from(2);
    };
    match generate(input, out, name) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bindgen: {error}");
            ExitCode::FAILURE
        }
    }
}

fn generate(input: &str, out: &str, name: &str) -> Result<(), String> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name(name).typescript(true).omit_default_module_path(false);
    bindgen.web(true).map_err(|error| error.to_string())?;
    bindgen.generate(out).map_err(|error| error.to_string())
}
