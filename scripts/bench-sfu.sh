#!/usr/bin/env bash
# What forwarding costs: the server process on core 1, the guests on core 0. Names of scenarios may
# follow (light mesh voices thumbs 500k 2000k idle curve listeners class open). REPEATS, SECONDS_EACH, IDLE and LISTENERS set the
# effort. Quiet machine, please; the ratio to the floor stands also on a busy one. MEDIASOUP may name a folder in which npm has installed
# mediasoup, and MEDIASOUP_WORKER_BIN its worker: it forwards light, mesh and voices in the same run.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --quiet --locked -p incamera-server --example sfu_bench
exec taskset -c 0 "${CARGO_TARGET_DIR:-target}/release/examples/sfu_bench" "$@"
