#!/usr/bin/env bash
# ci/demo.sh
#
# From a fresh checkout to a matrix on the terminal: installs what is missing, builds bpfmatrix
# (three minutes on two cores), fetches the kernels of ci/matrices/default.json and runs the suite on
# them. A kernel that cannot be fetched, or that was not built, is left out, and the matrix says so.
#
# The matrix is all there is on stdout; the rest goes to stderr. Exit codes of bpfmatrix: 0 all as
# expected, 1 something is not, 3 some kernels or cells are missing, which is no failure here.
set -euo pipefail
cd "$(dirname "$0")/.."

ci/deps.sh
ci/sysroot.sh

{
  cmake --preset release -DBUILD_TESTING=OFF
  cmake --build --preset release
  build/release/bin/bpfmatrix kernels fetch 'debian-*' || [ "$?" -eq 3 ]
} >&2
build/release/bin/bpfmatrix run ci/matrices/default.json || [ "$?" -eq 3 ]
