//! What commits cost: `cargo bench -p incamera-e2ee --bench mls`.

#[path = "mls/table.rs"]
mod table;

use std::sync::LazyLock;
use std::time::Instant;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

#[expect(clippy::print_stdout, reason = "a table is what a benchmark is for")]
fn main() {
    table::measure(|| START.elapsed().as_secs_f64() * 1e3, |line| println!("{line}"));
}
