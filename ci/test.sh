#!/usr/bin/env bash
# ci/test.sh
#
# Every test there is: installs what is missing, builds with warnings as errors, checks the layout
# of the sources, builds a kernel without BTF, runs the whole suite on the default matrix with every
# BTF source, then the unit tests and the tests that boot kernels. `ctest --preset ci -LE slow` runs those that need no kernel of our own.
set -euo pipefail
cd "$(dirname "$0")/.."

ci/deps.sh
ci/sysroot.sh

cmake --preset ci -DBUILD_TESTING=ON
cmake --build --preset ci
ci/format.sh
# 3: one of them is unavailable, and will be a line below the matrix.
build/release/bin/bpfmatrix kernels fetch 'debian-*' || [ "$?" -eq 3 ]
# Once: the store keeps it until its source, its config or the compiler changes.
for arch in x86_64 aarch64; do build/release/bin/bpfmatrix kernels build "linux-5.10-nobtf-$arch"; done
# 1: something is not as expected. 3, a machine that was lost or a kernel that is unavailable or was not built, is only reported.
build/release/bin/bpfmatrix run ci/matrices/default.json --btf kernel --btf embedded --btf none --no-cache ||
  [ "$?" -eq 3 ]
ctest --preset ci --parallel "$(nproc)"
