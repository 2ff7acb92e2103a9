#!/usr/bin/env bash
# Prints the figures of docs/performance.md. Quiet machine, please; nothing here asserts anything.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf '\n== %s\n' "$*"; }

say "bundle sizes (brotli)"
node web/scripts/budget.mjs || true
say "frames, native: seal and open per size"
cargo bench --quiet -p incamera-e2ee --bench frames
say "frames, WASM and WebCrypto"
node crates/wasm/tests-node/bench.mjs
say "MLS: add and remove at 10, 100, 250, 1,000 members, native"
cargo bench --quiet -p incamera-e2ee --bench mls
say "the same in WASM"
node crates/wasm/tests-node/mls-bench.mjs
say "server CPU per forwarded packet, 1→20 and 10×10"
cargo run --release --quiet -p incamera-server --example media_bench
cargo build --release --quiet -p incamera-server -p incamera-cli
say "server memory per participant"
INCAMERA_BIN="${CARGO_TARGET_DIR:-target}/release" node e2e/bench/memory.mjs 60
say "the first minute in Chromium"
[ -d e2e/node_modules ] || (cd e2e && npm ci --no-audit --no-fund --loglevel=error)
INCAMERA_BIN="${CARGO_TARGET_DIR:-target}/release" node e2e/bench/first-minute.mjs 20
say "a crowd of 250 at the door of a host in Chromium"
INCAMERA_BIN="${CARGO_TARGET_DIR:-target}/release" node e2e/bench/crowd.mjs 250 10
say "fifty who come and fifty who go each second"
INCAMERA_BIN="${CARGO_TARGET_DIR:-target}/release" node e2e/bench/churn.mjs 60
say "letters of a shared page at 500 kbps"
INCAMERA_BIN="${CARGO_TARGET_DIR:-target}/release" node e2e/bench/legible.mjs 500
