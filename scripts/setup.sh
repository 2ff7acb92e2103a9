#!/usr/bin/env bash
# Installs what the asked-for part of the build needs and the machine lacks.
#   setup.sh build   Rust target, C compiler, WASM tool, web packages: enough for `make run`
#   setup.sh test    also the browsers, media tools and checkers that `make test` uses
# Tools built from crates.io are cached by version in ${XDG_CACHE_HOME:-~/.cache}/incamera.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/tools.env
what=${1:-build}

say() { printf 'setup: %s\n' "$*" >&2; }

apt_install() {
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  say "installing ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

cargo_tool() { # name version
  local root="$TOOLS/$1-$2"
  [ -x "$root/bin/${3:-$1}" ] && return
  say "building $1 $2 (once)"
  # A leftover build directory would only cost disk; the installed binary is what is cached.
  CARGO_TARGET_DIR="$TOOLS/target" cargo install --quiet --locked --root "$root" "$1@$2"
  rm -rf "$TOOLS/target"
}

npm_install() { # directory
  local stamp="$1/node_modules/.package-lock.json"
  [ -e "$stamp" ] && [ ! "$1/package-lock.json" -nt "$stamp" ] && return
  say "npm ci in $1"
  (cd "$1" && npm ci --no-audit --no-fund --loglevel=error)
  touch "$stamp"
}

apt_install gcc libc6-dev make
rustup target list --installed | grep -q '^wasm32-unknown-unknown$' || rustup target add wasm32-unknown-unknown
if [ ! -x "$TOOLS/bindgen-$WASM_BINDGEN_VERSION/bin/bindgen" ]; then
  say "building the WASM glue generator (once)"
  CARGO_TARGET_DIR="$TOOLS/target" cargo install --quiet --locked --path scripts/bindgen --root "$TOOLS/bindgen-$WASM_BINDGEN_VERSION"
  rm -rf "$TOOLS/target"
fi
npm_install web

if [ "$what" = demo ] || [ "$what" = test ]; then
  apt_install ffmpeg espeak-ng
fi
if [ "$what" = test ]; then
  apt_install chromium firefox-esr fonts-dejavu-core gdb iproute2 libfaketime pebble
  cargo_tool cargo-deny "$CARGO_DENY_VERSION"
  npm_install e2e
fi
