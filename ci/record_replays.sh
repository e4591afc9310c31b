#!/usr/bin/env bash
# ci/record_replays.sh RUN
#
# Records anew what the tests of derive() replay (harness/cell/testdata/replays): cells of RUN, a run
# of the whole suite (see ci/measure.sh), and cells that end as no case of the suite does: machines
# that are lost and hung, applications that do not do the same twice, BTF that a user hands over.
set -euo pipefail
cd "$(dirname "$0")/.."

run=$1
bpfmatrix=build/release/bin/bpfmatrix
faults=build/release/test-guest/fault.{arch}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Runs a case by the fault program, into $work/NAME. Exit codes 1 and 3 are what is looked for.
fault() {
  local name=$1 code=0
  shift
  "$bpfmatrix" run --case ringbuf --loader "$faults" --loader-args "$name" --no-cache --btf none \
    --kernel debian-6.1-x86_64 --out "$work/$name" "$@" >"$work/said" 2>&1 || code=$?
  [ "$code" -eq 1 ] || [ "$code" -eq 3 ] || { cat "$work/said" >&2; exit 1; }
}
for name in reset garbage; do fault "$name" --kernel debian-6.1-aarch64; done
fault silence --cell-timeout 5
# Ends in one of two ways, by chance: until two attempts differ.
for attempt in $(seq 20); do
  rm -rf "$work/moody"
  fault moody --cold-check 1
  grep --quiet '"flaky":\[\]' "$work/moody/outcomes.jsonl" || break
  [ "$attempt" -lt 20 ] || { echo "error: attempts never differed" >&2; exit 1; }
done
# A store that has no kernels.
XDG_CACHE_HOME=$work/empty "$bpfmatrix" run --kernel linux-4.18-x86_64 --case ringbuf --out "$work/unavailable" >"$work/said" 2>&1 ||
  [ "$?" -eq 3 ] || { cat "$work/said" >&2; exit 1; }
"$bpfmatrix" kernels btf debian-6.1-x86_64 -o "$work/own.btf"
"$bpfmatrix" run --kernel debian-6.1-x86_64 --case core-task-tgid --btf-file "$work/own.btf" --no-cache \
  --out "$work/own" >"$work/said" 2>&1 || { cat "$work/said" >&2; exit 1; }

rm -rf harness/cell/testdata/replays
BPFMATRIX=$bpfmatrix ci/pick_replays.py harness/cell/testdata/replays "$run" \
  "$work"/{reset,garbage,silence,moody,unavailable,own}
