#!/usr/bin/env bash
# Bans, licences and sources of every dependency. No advisory database is read.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/tools.env
exec "$TOOLS/cargo-deny-$CARGO_DENY_VERSION/bin/cargo-deny" --log-level warn --locked check --hide-inclusion-graph bans licenses sources
