#!/usr/bin/env bash
# ci/test.sh
#
# Every test there is: installs what is missing, builds with warnings as errors, checks the layout
# of the sources, then runs the unit tests and the tests that boot kernels.
set -euo pipefail
cd "$(dirname "$0")/.."

ci/deps.sh
ci/sysroot.sh

cmake --preset ci -DBUILD_TESTING=ON
cmake --build --preset ci
ci/format.sh
build/release/bin/bpfmatrix kernels fetch 'debian-*'
ctest --preset ci --parallel "$(nproc)"
