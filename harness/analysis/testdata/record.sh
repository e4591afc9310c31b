#!/usr/bin/env bash
# record.sh BPFMATRIX OUT [KERNEL...]
#
# Asks real kernels for their refusals and cuts the fixtures of refusals/ out of what they say. The
# programs are those of symptoms/, and the cases of the suite that are refused. Takes a few minutes
# a kernel.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
bpfmatrix=$1
out=$2
shift 2
[[ $# -gt 0 ]] || set -- debian-{6.1,5.10,6.12,7.x}-x86_64 debian-6.1-aarch64

mkdir -p "$out/data"
ln -sfn "$root/kernels" "$out/data/kernels"
ln -sfn "$root/ci" "$out/data/ci"
rm -rf "$out/data/cases"
cp -r "$root/cases" "$out/data/cases"
cp -r "$here/symptoms" "$out/data/cases/symptoms"
suite=(legacy-maps core-ambiguous core-type-missing object-without-btf-maps llvm-bitcode big-endian
  map-zero-entries map-type-unknown bloom-filter helper-aging capability-none
  capability-bpf-perfmon lockdown-confidentiality memlock-limited connect-fentry
  kfunc-unknown loop-helper program-too-long)

for kernel in "$@"; do
  BPFMATRIX_DATA_DIR=$out/data "$bpfmatrix" run --kernel "$kernel" --case 'symptoms/*' "${suite[@]}" \
    --out "$out/$kernel" || true
done
"$here/cut_refusals.py" "$here/refusals" "${@/#/$out/}"
