#!/usr/bin/env bash
# ci/example/test.sh
#
# A gate as a small project has it: three objects, one with an application, tried on two kernels and
# compared with a baseline (test.sh --accept writes it anew). A change that breaks one program on 5.10 only fails with one line that
# says all; every report shows it; fixed, the gate is green; accepted, one line of the baseline is
# another.
set -euo pipefail
project=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$project/../.." && pwd)
bpfmatrix=${BPFMATRIX:-$root/build/release/bin/bpfmatrix}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$project"/*.c "$project"/*.txt "$work"
cd "$work"
export BPFMATRIX_HISTORY=$work/history.db

fail() {
  echo "error: $1" >&2
  exit 1
}

has() {
  grep --quiet --fixed-strings -- "$2" "$1" || { cat "$1" >&2; fail "no '$2' in that"; }
}

build() {
  local sysroot=$root/build/sysroot/amd64/usr name
  for name in exec net sleep; do
    clang -g -O2 -target bpf -I "$sysroot/include" -I "/usr/include/$(uname -m)-linux-gnu" -c "$name.bpf.c" -o "$name.bpf.o"
  done
  "${CC:-x86_64-linux-gnu-gcc}" -O2 -static -I "$sysroot/include" -o watch watch.c \
    "$sysroot"/lib/x86_64-linux-gnu/lib{bpf,elf,z}.a
}

# gate RUN [OPTION...]: its exit code in $code, what it prints in RUN.txt.
gate() {
  local run=$1
  shift
  code=0
  try "$run" baseline.txt --object exec.bpf.o --object net.bpf.o "$@" || code=$?
  try "$run-app" baseline-app.txt --object sleep.bpf.o --loader ./watch "$@" || code=$?
}

try() {
  local run=$1 baseline=$2
  shift 2
  "$bpfmatrix" run --kernel debian-5.10-x86_64 --kernel debian-6.1-x86_64 --btf kernel \
    --baseline "$baseline" --out "$run" "$@" >"$run.txt" 2>"$run.err"
}

build
if [ "${1-}" = --accept ]; then
  gate accepted --accept --prune
  cp baseline.txt baseline-app.txt "$project"
  exit
fi
gate before
[ "$code" -eq 0 ] || { cat before.txt before.err >&2; fail "the unchanged project ends with $code"; }

# bpf_strncmp came in 5.17.
sed -i "s/if (name\[0\] == 's' .*) count(1);/if (bpf_strncmp(name, 3, \"sh\") == 0) count(1);/" exec.bpf.c
build
gate broken
[ "$code" -eq 1 ] || { cat broken.txt >&2; fail "the broken project ends with $code"; }
[ "$(grep -c '^regressed: ' broken.txt)" -eq 1 ] || { cat broken.txt >&2; fail "not one line"; }
line=$(grep '^regressed: ' broken.txt)
for word in exec.bpf:count_shells debian-5.10-x86_64 'helper unknown' exec.bpf.c:29 'bpf_strncmp came in 5.17' 'first seen in this run'; do
  [[ $line == *"$word"* ]] || fail "no '$word' in: $line"
done

for format in markdown junit github html; do
  "$bpfmatrix" report broken --baseline baseline.txt --format "$format" -o "report.$format"
done
has report.markdown '**regressed**: <code>exec.bpf&#58;count&#95;shells</code> on <code>debian-5.10-x86&#95;64</code>'
has report.junit '<failure message="failed (helper_unknown), was attached" type="helper_unknown">'
has report.github '::error file='
xmllint --noout report.junit
# The head of the page's data.
sed -n '/id="data"/{n;p}' report.html | base64 -d | gunzip >report.head
has report.head '"subject":"exec.bpf:count_shells on debian-5.10-x86_64","what":"failed (helper_unknown), was attached"'

cp exec.bpf.c broken.c
cp "$project/exec.bpf.c" .
build
gate fixed
[ "$code" -eq 0 ] || { cat fixed.txt >&2; fail "the fixed project ends with $code"; }

cp broken.c exec.bpf.c
build
cp baseline.txt before.baseline
gate accepted --accept
[ "$code" -eq 0 ] || { cat accepted.txt >&2; fail "what was accepted ends with $code"; }
[ "$(diff before.baseline baseline.txt | grep -c '^>')" -eq 1 ] || { diff before.baseline baseline.txt >&2; fail "not one line"; }
has accepted.txt 'count_shells failed cause=helper_unknown'
gate again
[ "$code" -eq 0 ] || { cat again.txt >&2; fail "after it was accepted, it ends with $code"; }
echo "ok: broken, shown, fixed, accepted"
