#!/usr/bin/env bash
# ci/shards.sh [N]
#
# A run in N parts (8), some of them killed and resumed, and put together by `merge`, reads in every
# report as the whole run does. The whole run recalls what the parts said, so that not even the
# times of the verifier may differ.
set -euo pipefail
cd "$(dirname "$0")/.."

parts=${1:-8}
bpfmatrix=$(realpath "${BPFMATRIX:-build/release/bin/bpfmatrix}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
plan=(--kernel debian-6.1-x86_64 --kernel debian-6.1-aarch64 --btf kernel --btf none --case 'core-task-*'
  --case 'connect-kprobe-*' --case 'null-*' --case panic-sysrq)

fail() {
  echo "error: $1" >&2
  exit 1
}

# run TIME DIR OPTION...: killed after TIME seconds if that is not 0. Kernels are there, so that it
# ends with 0 or 1.
run() {
  local time=$1 dir=$2 code=0
  shift 2
  timeout --foreground --signal=KILL "$time" "$bpfmatrix" run "$@" >"$dir.txt" 2>&1 || code=$?
  case $code in
    0 | 1) ;;
    137 | 124) killed=$((killed + 1)) ;;
    *) fail "$dir ends with $code: $(tail -n 5 "$dir.txt")" ;;
  esac
}

# Nothing is recalled of earlier runs: the first part's time tells when to kill the others.
export XDG_CACHE_HOME=$work/cache
real=${BPFMATRIX_KERNELS_FROM:-$HOME/.cache}/bpfmatrix
store=$XDG_CACHE_HOME/bpfmatrix
mkdir -p "$store"/{kernels,trees}
for kernel in debian-6.1-x86_64 debian-6.1-aarch64; do
  XDG_CACHE_HOME=${real%/bpfmatrix} "$bpfmatrix" kernels fetch "$kernel" >"$work/fetch.txt" 2>&1 || fail "$(cat "$work/fetch.txt")"
  tree=$(realpath "$real/kernels/$kernel")
  ln -s "$tree" "$store/trees/"
  ln -s "../trees/${tree##*/}" "$store/kernels/$kernel"
done

killed=0
begun=$(date +%s%3N)
run 0 "$work/1" "${plan[@]}" --shard "1/$parts" --out "$work/1"
took=$(($(date +%s%3N) - begun))
for part in $(seq 2 "$parts"); do
  # Every second part dies in its first half.
  after=0
  [ $((part % 2)) -eq 1 ] || after=$(printf '0.%03d' $((took / 4 + 1 < 999 ? took / 4 + 1 : 999)))
  run "$after" "$work/$part" "${plan[@]}" --shard "$part/$parts" --out "$work/$part"
  if [ -f "$work/$part/run.json" ]; then
    run 0 "$work/$part" --resume "$work/$part"
  else
    run 0 "$work/$part" "${plan[@]}" --shard "$part/$parts" --out "$work/$part"
  fi
done
[ "$killed" -gt 0 ] || fail "no part was killed"

"$bpfmatrix" merge $(seq -f "$work/%g" "$parts") -o "$work/merged"
run 0 "$work/whole" "${plan[@]}" --out "$work/whole"
cells=$(wc -l <"$work/whole/outcomes.jsonl")
for format in html markdown junit github csv json; do
  for which in merged whole; do
    # A recalled cell took no time.
    (cd "$work" && mv "$which" run && "$bpfmatrix" report run --format "$format" && mv run "$which") |
      sed 's/ time="[^"]*"//g' >"$work/$which.$format"
  done
  cmp "$work/merged.$format" "$work/whole.$format" || fail "$format: the parts do not read as the whole"
done
echo "$cells cells in $parts parts, $killed of them killed: the same in six reports"
