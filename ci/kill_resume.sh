#!/usr/bin/env bash
# ci/kill_resume.sh [N]
#
# Kills runs with SIGKILL at random moments, N times in all (200) and each up to four times, and
# resumes them until they are finished. Each must have the same result as an undisturbed run,
# and nothing may be left of what was killed: no machine, no half template, no unfinished file,
# no lock, no temporary folder. In every fourth run there are no templates and nothing is known of
# the kernels, so that both are in the making when it is killed. The store is one of our own, with
# the real one's kernels.
set -euo pipefail
cd "$(dirname "$0")/.."

kills=${1:-200}
bpfmatrix=$(realpath "${BPFMATRIX:-build/release/bin/bpfmatrix}")
kernels=(debian-6.1-x86_64 debian-6.1-aarch64)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
real=${XDG_CACHE_HOME:-$HOME/.cache}/bpfmatrix
store=$dir/cache/bpfmatrix
# A panic, an event, a relocation, and a rejected program with a verifier's log.
run=("$bpfmatrix" run --accel tcg --kernel "${kernels[0]}" --kernel "${kernels[1]}" --btf kernel
  --case panic-sysrq --case ringbuf --case core-task-tgid --case pointer-unchecked)

fail() {
  echo "error: $1" >&2
  exit 1
}

# Trees are only read, so that links to them do.
borrow_kernels() {
  "$bpfmatrix" kernels fetch "${kernels[@]}" >/dev/null
  mkdir -p "$store"/{kernels,trees} "$dir/tmp"
  for kernel in "${kernels[@]}"; do
    tree=$(realpath "$real/kernels/$kernel")
    ln -s "$tree" "$store/trees/"
    ln -s "../trees/${tree##*/}" "$store/kernels/$kernel"
  done
}

# Our processes, by a variable that children inherit.
running() {
  for process in $(for name in qemu-system bpfmatrix clang; do pgrep "^$name"; done); do
    ! grep --null-data --quiet --line-regexp --fixed-strings "KILL_RESUME=$dir" \
      "/proc/$process/environ" 2>/dev/null || echo "$process"
  done
}

all_gone() {
  for _ in $(seq 50); do
    [ -n "$(running)" ] || return 0
    sleep 0.1
  done
  return 1
}

now_ms() { date +%s%3N; }

# Undisturbed, into $1: takes $took milliseconds.
calmly() {
  local begun
  begun=$(now_ms)
  "${run[@]}" --out "$1" >"$dir/said" 2>&1 &
  sleep 0.5
  [ -n "$(running)" ] || fail "cannot see what runs"
  wait $! || fail "$(cat "$dir/said")"
  took=$(($(now_ms) - begun))
}

forget() {
  rm -f "$store"/transcripts.db*
  [ "$1" = warm ] || rm -rf "$store"/{templates,facts}
}

# What it was doing when it was killed.
stage() {
  if compgen -G "$store/templates/*.new" >/dev/null; then
    echo template
  elif [ -s "$out/outcomes.jsonl" ]; then
    echo cells
  else
    echo start
  fi
}

# Runs "$@", which writes into $out, and kills it within $span milliseconds. False: it was faster.
killed() {
  local at=$((RANDOM * span / 32768 + 1)) code=0
  timeout --foreground --signal=KILL "$((at / 1000)).$(printf %03d $((at % 1000)))" \
    "$@" >"$dir/said" 2>&1 || code=$?
  # 124: it had ended when the signal came.
  [ "$code" -ne 0 ] && [ "$code" -ne 124 ] || return 1
  [ "$code" -eq 137 ] || fail "exit code $code: $(cat "$dir/said")"
  all_gone || fail "survived a kill: $(ps -o args= -p "$(running | paste -sd,)" | cut -c -300)"
  at=$(stage)
  hit[$at]=$((${hit[$at]} + 1))
  [ ! -s "$out/outcomes.jsonl" ] || [ -z "$(tail -c 1 "$out/outcomes.jsonl")" ] || torn=$((torn + 1))
}

borrow_kernels
unset BPFMATRIX_HISTORY
export XDG_CACHE_HOME=$dir/cache TMPDIR=$dir/tmp KILL_RESUME=$dir
calmly "$dir/calm"
cells=$(wc -l <"$dir/calm/outcomes.jsonl") cold_ms=$took
forget warm
calmly "$dir/warm"
warm_ms=$took

declare -A hit=([start]=0 [template]=0 [cells]=0)
done=0 runs=0 torn=0
while [ "$done" -lt "$kills" ]; do
  runs=$((runs + 1))
  out=$dir/run-$runs
  [ $((runs % 4)) -ne 1 ] && warmth=warm span=$warm_ms || warmth=cold span=$cold_ms
  forget "$warmth"
  command=("${run[@]}" --out "$out")
  for _ in 1 2 3 4; do
    if [ "$done" -eq "$kills" ] || ! killed "${command[@]}"; then break; fi
    done=$((done + 1))
    [ ! -f "$out/run.json" ] || command=("$bpfmatrix" run --resume "$out")
  done
  [ -f "$out/run.json" ] || calmly "$out"
  "$bpfmatrix" run --resume "$out" >"$dir/said" 2>&1 || fail "run $runs: $(cat "$dir/said")"
  "$bpfmatrix" judge "$out" --same-as "$dir/calm" >"$dir/said" 2>&1 ||
    fail "run $runs: $(head -c 2000 "$dir/said")"
  "$bpfmatrix" cache verify >"$dir/said" 2>&1 || fail "run $runs: $(cat "$dir/said")"
done

sleep 3 # unfinished files count as abandoned when they are two seconds old
forget warm
calmly "$dir/last"
all_gone || fail "still there: $(running)"
left=$(find "$dir" -name '*.unfinished-??????' -o -name '*.new' -o -path "$dir/tmp/*" -o \
  -path "$store/tmp/*" -o -name 'transcripts.db.damaged-*' -o -name '*.part')
[ -z "$left" ] || fail "left behind: $left"
# Each of the runs once, whenever it was killed: those above, and three that were not.
kept=$("$bpfmatrix" history '*' --json | grep --count '^  "run": ')
[ "$kept" -eq $(((runs + 3) * cells)) ] || fail "the history has $kept cells of $((runs + 3)) runs of $cells"
for lock in "$store"/locks/* "$dir"/run-*/outcomes.jsonl; do
  flock --nonblock "$lock" true || fail "locked by nobody: $lock"
done
[ "$kills" -lt 50 ] || [ "${hit[template]}" -gt 0 ] || fail "no template was in the making"
echo "$done kills in $runs runs of $cells cells (${hit[template]} while a template was made," \
  "${hit[start]} else before the first outcome, ${hit[cells]} after it; $torn lines torn):" \
  "nothing lost, nothing left"
