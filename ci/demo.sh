#!/usr/bin/env bash
# ci/demo.sh
#
# From a fresh checkout to a matrix on the terminal: installs what is missing, builds bpfmatrix,
# fetches the kernels and runs ci/matrices/default.json on them. Kernels that are unavailable, or were
# not built, are lines below the matrix.
set -euo pipefail
cd "$(dirname "$0")/.."

ci/deps.sh
ci/sysroot.sh

# Talk goes to stderr: the matrix is all there is on stdout.
{
  cmake --preset release -DBUILD_TESTING=OFF
  cmake --build --preset release
  build/release/bin/bpfmatrix kernels fetch 'debian-*' || [ "$?" -eq 3 ]
} >&2
build/release/bin/bpfmatrix run ci/matrices/default.json || [ "$?" -eq 3 ]
