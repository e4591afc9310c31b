#!/usr/bin/env bash
# ci/test.sh
#
# Every test there is: installs what is missing, builds with warnings as errors, checks the layout
# of the sources, builds a kernel without BTF, then runs the unit tests and the tests that boot
# kernels. `ctest --preset ci -LE slow` runs those that need no kernel of our own.
set -euo pipefail
cd "$(dirname "$0")/.."

ci/deps.sh
ci/sysroot.sh

cmake --preset ci -DBUILD_TESTING=ON
cmake --build --preset ci
ci/format.sh
build/release/bin/bpfmatrix kernels fetch 'debian-*'
# Once: the store keeps it until its source, its config or the compiler changes.
build/release/bin/bpfmatrix kernels build linux-5.10-nobtf-x86_64
ctest --preset ci --parallel "$(nproc)"
