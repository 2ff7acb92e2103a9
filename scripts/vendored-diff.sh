#!/usr/bin/env bash
# What third_party/str0m/src has that str0m as published has not. Fetches the crate if needed.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' third_party/str0m/Cargo.toml | head -1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
touch "$work/src/lib.rs"
printf '[package]\nname = "published"\nedition = "2024"\n[dependencies]\nstr0m = { version = "=%s", default-features = false }\n[workspace]\n' "$version" > "$work/Cargo.toml"
manifest=$(cargo metadata --quiet --format-version 1 --manifest-path "$work/Cargo.toml" | grep -o '"manifest_path":"[^"]*/str0m-'"$version"'/Cargo.toml"' | cut -d'"' -f4)
diff -ru "$(dirname "$manifest")/src" third_party/str0m/src || [ $? -eq 1 ]
