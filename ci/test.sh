#!/usr/bin/env bash
# ci/test.sh [all]
#
# The tests, the quick ones first, in under 40 minutes on two cores. With `all`, by night: also those
# that need a kernel of the other architecture to be built, and those that wait for deadlines over and
# over. `ctest --preset ci -LE "slow|nightly"` runs those that need no kernel of our own.
#
# Exit codes of bpfmatrix: 0 all as expected, 1 something is not, 3 some kernels or cells are
# missing, which is no failure here.
set -euo pipefail
cd "$(dirname "$0")/.."

# What is missing on this machine.
ci/deps.sh
ci/sysroot.sh

# The layout of the sources, and the build: warnings are errors, and so is an include against the
# map of folders.
ci/format.sh
cmake --preset ci -DBUILD_TESTING=ON
cmake --build --preset ci

# Unit tests, without a kernel; those of what runs in several threads once more under
# ThreadSanitizer.
ctest --preset ci --label-regex unit --parallel "$(nproc)"
cmake --preset tsan
cmake --build --preset tsan
ctest --preset tsan --parallel "$(nproc)"

# The fuzz targets, ten seconds each; ci/fuzz.sh runs them longer.
ci/fuzz.sh 10

# Kernels: Debian's are fetched. One without BTF is built, once: the store keeps it until its
# source, its config or the compiler changes.
build/release/bin/bpfmatrix kernels fetch 'debian-*' || [ "$?" -eq 3 ]
architectures=(x86_64)
left_out="unit|nightly"
if [ "${1-}" = all ]; then
  architectures+=(aarch64)
  left_out=unit
fi
for arch in "${architectures[@]}"; do
  build/release/bin/bpfmatrix kernels build "linux-5.10-nobtf-$arch"
done

# The whole suite on the default matrix, with BTF; without any on the kernels that have none, and on
# two that have, for the same with the kernel's own hidden. A kernel may be missing, and then what the
# baseline says of it stays; objects that are in Debian's packages may not. Nothing may be worse than
# in the baseline.
build/release/bin/bpfmatrix run ci/matrices/default.json --btf kernel --btf embedded --no-cache --baseline ci/baseline.txt \
  --required 'debian-6.1-*/libxdp1-*' --required 'debian-6.1-*/opensnitch-*' || [ "$?" -eq 3 ]
build/release/bin/bpfmatrix run --kernel 'linux-5.10-nobtf-x86_64' --kernel 'debian-6.1-*' --btf none --no-cache

# The tests that boot kernels.
ctest --preset ci --label-exclude "$left_out" --parallel "$(nproc)"
