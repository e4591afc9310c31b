#!/usr/bin/env bash
# ci/kill_resume.sh [N]
#
# Kills runs with SIGKILL at random moments, N times in all (200), and resumes them until they are
# finished. Then each must have the outcomes of a run that nobody disturbed, and nothing may be left
# of what was killed: no QEMU, no half template, no file in the making.
set -euo pipefail
cd "$(dirname "$0")/.."

kills=${1:-200}
bpfmatrix=${BPFMATRIX:-build/release/bin/bpfmatrix}
store=${XDG_CACHE_HOME:-$HOME/.cache}/bpfmatrix
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
run=("$bpfmatrix" run --no-cache --accel tcg --kernel debian-6.1-x86_64 --kernel debian-6.1-aarch64
  --case 'core-*')

fail() {
  echo "error: $1" >&2
  exit 1
}

# What two runs must agree on: no times, no counts of what else went on in the guest, no order.
outcomes() {
  python3 - "$1" <<'EOF'
import json, sys
UNSTEADY = {"ready_ms", "wall_ms", "cached", "verification_usec", "run_time_ns", "run_cnt", "hits", "value", "truth", "ret"}
def steady(x):
    if isinstance(x, dict):
        return {k: steady(v) for k, v in x.items() if k not in UNSTEADY}
    return [steady(v) for v in x] if isinstance(x, list) else x
lines = [steady(json.loads(line)) for line in open(sys.argv[1] + "/outcomes.jsonl")]
for line in sorted(lines, key=lambda o: o["cell"]):
    print(json.dumps(line, sort_keys=True))
EOF
}

# QEMUs whose console goes to a run of ours, or whose starter was one of those killed.
qemus() {
  for process in /proc/[0-9]*; do
    tr '\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q '^qemu-system' || continue
    starter=$(tr '\0' '\n' <"$process/environ" 2>/dev/null | sed -n 's/^KILL_RESUME=//p') || true
    [ "$starter" != "$dir" ] || echo "${process#/proc/}"
  done
}

finished() { [ "$(wc -l <"$1/outcomes.jsonl")" -eq "$(python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["cells"]))' "$1/run.json")" ]; }

export KILL_RESUME=$dir
"${run[@]}" --out "$dir/calm" >"$dir/said" 2>&1 || [ "$?" -eq 1 ] || fail "$(cat "$dir/said")"
outcomes "$dir/calm" >"$dir/want"

killed=0 runs=0 torn=0
while [ "$killed" -lt "$kills" ]; do
  runs=$((runs + 1))
  out=$dir/run-$runs
  command=("${run[@]}" --out "$out")
  while :; do
    "${command[@]}" >"$dir/said" 2>&1 &
    victim=$!
    # From at once to well into the cells.
    sleep "$(python3 -c 'import random; print(random.uniform(0, 6))')"
    [ "$killed" -lt "$kills" ] && kill -KILL "$victim" 2>/dev/null && killed=$((killed + 1))
    wait "$victim" 2>/dev/null || true
    [ ! -s "$out/outcomes.jsonl" ] || [ -z "$(tail -c 1 "$out/outcomes.jsonl")" ] || torn=$((torn + 1))
    [ -f "$out/run.json" ] || continue
    [ ! -f "$out/outcomes.jsonl" ] || ! finished "$out" || break
    command=("$bpfmatrix" run --resume "$out")
  done
  sleep 3 # what is in the making counts as abandoned when it is two seconds old
  "$bpfmatrix" run --resume "$out" >"$dir/said" 2>&1 || [ "$?" -eq 1 ] || fail "$(cat "$dir/said")"
  outcomes "$out" >"$dir/got"
  diff -u "$dir/want" "$dir/got" >"$dir/difference" || fail "run $runs: $(head -c 2000 "$dir/difference")"
  left=$(find "$out" "$store"/{tmp,facts,accel,compiled} -name '*.unfinished-??????' 2>/dev/null || true)
  [ -z "$left" ] || fail "in the making, and by nobody: $left"
done
sleep 1
[ -z "$(qemus)" ] || fail "QEMU still runs: $(qemus)"
half=$(find "$store/templates" -maxdepth 1 -name '*.new' 2>/dev/null || true)
[ -z "$half" ] || fail "half a template: $half"
echo "$killed kills in $runs runs of $(wc -l <"$dir/want") cells, $torn lines torn: nothing lost, nothing left"
