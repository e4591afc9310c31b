#!/usr/bin/env bash
# ci/measure.sh [RUN...]
#
# Runs the whole suite on every kernel with all three BTF sources (or uses the runs given), keeps what
# was seen in ci/measured, and rewrites what tests derive from it: the table in docs/measured.md and
# the explanations in harness/report/testdata. git shows what changed.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=("$@")
if [ "${#runs[@]}" -eq 0 ]; then
  run="bpfmatrix-runs/measure-$(date -u +%Y%m%d-%H%M%S)"
  # Exit code 1, something is unexpected, is worth measuring too.
  build/release/bin/bpfmatrix run --kernel 'debian-*' --btf kernel --btf embedded --btf none --no-cache --out "$run" || [ "$?" -eq 1 ]
  runs=("$run")
fi

rm -rf ci/measured
mkdir -p ci/measured
for run in "${runs[@]}"; do ci/measured_facts.py "$run" ci/measured; done
# Paths below this folder, as anyone else has them.
for run in "${runs[@]}"; do sed "s|$PWD/||g" "$run/outcomes.jsonl"; done |
  LC_ALL=C sort --field-separator='"' --key=6,6 --stable | gzip -9 --no-name > ci/measured/outcomes.jsonl.gz
UPDATE_GOLDEN=1 build/release/bin/report_test --gtest_brief=1
# What derive() is tested with: some of the same cells, raw.
ci/record_replays.sh "${runs[0]}"
