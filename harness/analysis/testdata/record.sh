#!/usr/bin/env bash
# record.sh BPFMATRIX OUT [KERNEL...]
#
# Asks real kernels for failures and cuts the fixtures of failures/ out of what they say. The
# programs are those of symptoms/, and the cases of the suite that are refused. What libbpf never
# asks, a loader of its own asks of the kernels of this machine's architecture (said-to-commands).
# Takes half a minute a kernel, emulated.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
bpfmatrix=$1
out=$2
shift 2
[[ $# -gt 0 ]] || set -- debian-{6.1,5.10,6.12,7.x}-x86_64 debian-6.1-aarch64

mkdir -p "$out/data"
export BPFMATRIX_DATA_DIR=$out/data
ln -sfn "$root/kernels" "$out/data/kernels"
ln -sfn "$root/ci" "$out/data/ci"
rm -rf "$out/data/cases"
cp -r "$root/cases" "$out/data/cases"
cp -r "$here/symptoms" "$out/data/cases/symptoms"
suite=(legacy-maps core-ambiguous core-type-missing object-without-btf-maps llvm-bitcode big-endian
  map-zero-entries map-type-unknown bloom-filter helper-aging capability-none
  capability-bpf-perfmon lockdown-confidentiality memlock-limited connect-fentry
  kfunc-unknown loop-helper program-too-long)
cc -static -O -Wall "$here/symptoms/said-to-commands/command.c" -o "$out/other-loader"

# Failures that nobody expects are what this is for: a run ends with 1 or 3.
record() {
  "$bpfmatrix" run "$@" || (( $? == 1 || $? == 3 ))
}

runs=()
for kernel in "$@"; do
  record --kernel "$kernel" --btf kernel --case 'symptoms/*' "${suite[@]}" --out "$out/$kernel"
  runs+=("$out/$kernel")
  [[ $kernel == *-$(uname -m) ]] || continue
  record --kernel "$kernel" --btf kernel --case said-to-commands \
    --loader "$out/other-loader" --out "$out/$kernel-other"
  runs+=("$out/$kernel-other")
done
"$here/cut_failures.py" "$here/failures" "${runs[@]}"
