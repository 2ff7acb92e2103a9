#!/usr/bin/env bash
# Runs every fuzz target for the given number of seconds, starting from the committed corpora.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
  echo "fuzzing needs a nightly toolchain and cargo-fuzz (cargo install cargo-fuzz)" >&2
  exit 1
fi
for target in $(cargo +nightly fuzz list); do
  echo "== $target"
  # New finds go to a scratch corpus; the committed one stays small.
  mkdir -p "fuzz/artifacts/corpus/$target"
  cargo +nightly fuzz run "$target" "fuzz/artifacts/corpus/$target" "fuzz/corpus/$target" -- \
    -max_total_time="$seconds" -rss_limit_mb=2048
done
