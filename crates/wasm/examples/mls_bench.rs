//! What commits cost in a browser's engine: `node crates/wasm/tests-node/mls-bench.mjs`.

#[path = "../../e2ee/benches/mls/table.rs"]
mod table;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
    #[wasm_bindgen(js_namespace = console)]
    fn log(line: &str);
}

/// Prints the table.
#[wasm_bindgen]
pub fn measure() {
    table::measure(now, log);
}
