#!/usr/bin/env bash
# Makes answer.rlib anew: what cargo leaves where a BPF crate was not linked by a BPF linker.
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
cd "$scratch"
echo '#![no_std] pub fn answer() -> u32 { 42 }' >answer.rs
rustc --crate-type rlib -C panic=abort \
  --remap-path-prefix "$scratch=." -o answer.rlib answer.rs
mv answer.rlib "$folder/"
