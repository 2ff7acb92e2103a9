#!/usr/bin/env bash
# Builds the participant core and the frame cryptography for the browser into web/src/wasm.
# Two modules, so that the frame worker does not load MLS. Binaryen's wasm-opt is left out: it takes
# 5 % off the bytes and adds 2 % to what brotli makes of them.
#   build-wasm.sh                      both modules
#   build-wasm.sh EXAMPLE DIRECTORY    a bench from crates/wasm/examples instead
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/tools.env
out=web/src/wasm
bindgen="$TOOLS/bindgen-$WASM_BINDGEN_VERSION/bin/bindgen"
[ -x "$bindgen" ] || scripts/setup.sh build
target=${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/wasm
# No path of the machine that builds ends up in the modules, and their size does not depend on it.
home=${CARGO_HOME:-$HOME/.cargo}
flags="--remap-path-prefix=$home/registry/src="
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="$flags --remap-path-prefix=$(rustc --print sysroot)/lib/rustlib/src/rust/library="

build() { # module feature
  cargo build --quiet --locked --profile wasm --target wasm32-unknown-unknown \
    -p incamera-wasm --no-default-features --features "$2"
  # Unchanged bytes keep their time, so that the page is not built again for nothing.
  local stamp="$target/$1.stamp"
  if [ -e "$out/$1.js" ] && cmp -s "$target/wasm.wasm" "$stamp"; then return; fi
  "$bindgen" "$target/wasm.wasm" "$out" "$1"
  cp "$target/wasm.wasm" "$stamp"
}

# An example instead of the modules: its name and where to.
if [ $# -eq 2 ]; then
  cargo build --quiet --locked --profile wasm --target wasm32-unknown-unknown \
    -p incamera-wasm --no-default-features --features core --example "$1"
  "$bindgen" "$target/examples/$1.wasm" "$2" "$1"
  exit
fi
mkdir -p "$out"
build incamera_frames frames
build incamera_wasm core
