#!/usr/bin/env bash
# ci/fuzz.sh SECONDS [TARGET...]
#
# Gives each fuzz target (harness/*/*_fuzz.cpp; all, if none is named) bytes without end for so long, as
# many targets at a time as there are processors. What is worth keeping of the inputs stays in
# build/fuzz/corpus for the next time. Prints for each target: executions, CPU seconds, coverage (edges,
# and libFuzzer's features), inputs kept, and the finding at which it stopped, in build/fuzz/findings.
# CONTRIBUTING.md says what to do with one.
#
# Exit codes: 0 nothing was found, 1 something was, 2 the command was wrong.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build/fuzz
# An input takes milliseconds; a minute's work of a hundred times as much is a finding, too.
limits=(-timeout=10 -rss_limit_mb=2048 -max_len=32768)

usage() {
  echo "error: $1" >&2
  echo "hint: ci/fuzz.sh SECONDS [TARGET...]" >&2
  exit 2
}

# Of those there are, by the names of their files.
targets() {
  find harness -name '*_fuzz.cpp' -not -path '*/testing/*' -printf '%f\n' | sed 's/_fuzz\.cpp$//' | sort
}

prepare() {
  if ! { cmake --preset fuzz && cmake --build --preset fuzz; } >"$build.log"; then
    cat "$build.log" >&2
    exit 1
  fi
  rm -rf "$build/seeds"
  ci/fuzz_seeds.py "$build/seeds"
}

# The last number that the log has after a word.
number() {
  grep -a -o "$2 [0-9]*" "$1" | tail -n 1 | grep -o '[0-9]*$' || echo 0
}

# fuzz SECONDS TARGET: one line of the table; fails with a finding.
fuzz() {
  local seconds=$1 target=$2 log=$build/logs/$2.log cpu finding=none
  local corpus=$build/corpus/$target seeds=$build/seeds/$target found=$build/findings/$target
  local options=("${limits[@]}" -max_total_time="$seconds" -print_final_stats=1 -print_funcs=0 -artifact_prefix="$found/")
  mkdir -p "$build/logs" "$corpus" "$seeds" "$found"
  "$build/bin/${target}_fuzz" --seeds "$seeds"
  [ ! -f "$seeds.dict" ] || options+=(-dict="$seeds.dict")
  local known
  known=$(find harness -type d -path "*/testdata/findings/$target")
  TIMEFORMAT='%U %S'
  # $known is a folder or nothing.
  # shellcheck disable=SC2086
  cpu=$( { time "$build/bin/${target}_fuzz" "${options[@]}" "$corpus" "$seeds" $known >"$log" 2>&1; } 2>&1) ||
    finding=$(grep -a -o 'Test unit written to .*' "$log" | sed 's/.* //' | tail -n 1)
  cpu=$(awk '{ print $1 + $2 }' <<<"$cpu")
  printf '%-16s %11s %7.0f %7s %7s %7s  %s\n' "$target" "$(number "$log" number_of_executed_units:)" "$cpu" \
    "$(number "$log" cov:)" "$(number "$log" ft:)" "$(find "$corpus" -type f | wc -l)" "${finding:-see $log}"
  [ "$finding" = none ]
}

if [ "${1-}" = --one ]; then
  fuzz "$2" "$3"
  exit
fi

[[ "${1-}" =~ ^[1-9][0-9]*$ ]] || usage "wanted a number of seconds, got '${1-}'"
seconds=$1
shift
mapfile -t known < <(targets)
for target in "$@"; do
  [[ " ${known[*]} " == *" $target "* ]] || usage "unknown target '$target' (known: ${known[*]})"
done
mkdir -p build
prepare

# In memory, if it can be: some targets unpack to files.
scratch=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)/fuzz.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
export TMPDIR=$scratch UBSAN_OPTIONS=print_stacktrace=1

printf '%-16s %11s %7s %7s %7s %7s  %s\n' target executions 'cpu s' edges features inputs finding
printf '%s\n' "${@:-${known[@]}}" | xargs -P "$(nproc)" -I{} "$0" --one "$seconds" {} || {
  echo "error: something was found" >&2
  echo "hint: build/fuzz/bin/TARGET_fuzz FILE shows it again; CONTRIBUTING.md, 'Fuzz'" >&2
  exit 1
}
