#!/usr/bin/env bash
# ci/deps.sh [browser]
#
# Installs whatever of the list below is missing, with `browser` also what the browser tests need; prints nothing and does not use the network when
# nothing is. Works as root and as a user who may sudo. Debian 12 and its own package sources are
# all it needs; it changes neither the sources nor the version of what is installed already.
set -euo pipefail

# The compiler for the guests that are not of this machine's architecture.
case "$(uname -m)" in
  aarch64) cross=g++-x86-64-linux-gnu ;;
  *) cross=g++-aarch64-linux-gnu ;;
esac

packages=(
  # Build
  build-essential          # g++ 12: C++20 for the harness
  ninja-build              # what the CMake presets generate for
  cmake                    # 3.25
  pkg-config               # finds libelf and libbpf
  "$cross"                 # the static programs for guests of the other architecture
  file                     # cpack tells dynamic programs from static ones with it
  # Libraries
  libarchive-dev           # unpacks .deb files
  libboost1.81-dev         # Asio and Process: QEMU, clang and gpgv as child processes
  libbpf-dev               # BTF on the host, and the headers BPF programs include
  libcli11-dev             # the command line
  libcurl4-openssl-dev     # fetches kernels
  libelf-dev               # libbpf reads objects with it
  libfmt-dev               # text (g++ 12 has no <format>)
  libre2-dev               # patterns over untrusted logs, in linear time
  libsimdjson-dev          # JSON: a million outcomes are judged in seconds
  libsqlite3-dev           # keeps outcomes between runs
  libssl-dev               # SHA-256
  libtinyxml2-dev          # JUnit's XML
  nlohmann-json3-dev       # JSON
  zlib1g-dev               # keeps verifier logs compressed
  # Tests
  googletest               # GoogleTest's own sources
  libgmock-dev             # matchers
  libgtest-dev             # the test runner
  clang-format             # checks the layout
  libclang-rt-14-dev       # libFuzzer and clang's sanitizers
  # What bpfmatrix runs
  clang                    # compiles the suite's BPF programs
  llvm                     # llvm-strip and llvm-objdump for BPF objects
  qemu-system-arm          # boots aarch64 kernels
  qemu-system-x86          # boots x86_64 kernels
  gpgv                     # checks the signature of an archive's Release file
  debian-archive-keyring   # the keys it is checked against
  rpm                      # checks the signature of enterprise kernels' packages (rpmkeys)
  ca-certificates          # mirrors that speak https
  # What builds kernels (kernels build)
  bc                       # a constant of the kernel's timekeeping is calculated with it
  bison                    # parses Kconfig
  flex                     # the same
  gcc-12                   # compiles them; for the other architecture "$cross" brings it
  pahole                   # BTF from debug information
  # What only the tests run
  bpftool                  # an independent reader of BTF to compare with
  libxml2-utils            # xmllint: JUnit's XML against its schema
  curl                     # writes the comment of a gate (ci/kit/gate.sh)
  jq                       # reads and writes its JSON
  busybox                  # another shell for kernels/collect.sh
  gnupg                    # makes keys to sign test archives with
  python3                  # makes what the fuzz targets begin with
)

if [ "${1-}" = browser ]; then
  packages+=(chromium fonts-dejavu-core)
  # Node.js may come from elsewhere, with npm in it.
  command -v node >/dev/null && command -v npm >/dev/null || packages+=(nodejs npm)
fi

# Names what is not installed, one package a line.
missing() {
  local installed
  # dpkg-query fails when it does not know one of the names: that counts as an answer.
  installed=$(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' \
    "${packages[@]}" 2>/dev/null | sed -n 's/^installed //p' | sort -u || true)
  comm -13 <(echo "$installed") <(printf '%s\n' "${packages[@]}" | sort -u)
}

fail() {
  echo "error: $1" >&2
  echo "hint: $2" >&2
  exit 3
}

as_root() {
  if [ "$EUID" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get --quiet=2 --option DPkg::Lock::Timeout=300 --option Dpkg::Use-Pty=0 "$@"
}

install() {
  apt update && apt install --yes --no-install-recommends "$@"
}

command -v dpkg-query >/dev/null ||
  fail "'dpkg-query' is not there" "this script needs a Debian system"

mapfile -t wanted < <(missing)
[ "${#wanted[@]}" -gt 0 ] || exit 0

[ "$EUID" -eq 0 ] || command -v sudo >/dev/null ||
  fail "'sudo' is not there" "as root: apt-get install --no-install-recommends ${wanted[*]}"

echo "installing ${#wanted[@]} packages: ${wanted[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# A second attempt, because a mirror in the middle of an update fails for a minute.
if ! install "${wanted[@]}" >"$log" 2>&1 && ! { sleep 10 && install "${wanted[@]}" >"$log" 2>&1; }; then
  cat "$log" >&2
  fail "cannot install what is missing" "is Debian's mirror in this machine's apt configuration reachable?"
fi
