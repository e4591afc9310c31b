#!/usr/bin/env bash
# ci/format.sh [--fix]
#
# Checks the layout of every C++ and BPF C file; --fix changes the files instead.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1-}" in
  '') mode=(--dry-run --Werror) ;;
  --fix) mode=(-i) ;;
  *) echo "error: unknown argument '$1' (known: --fix)" >&2 && exit 2 ;;
esac
find harness cases \( -name '*.h' -o -name '*.cpp' -o -name '*.c' \) -print0 |
  xargs --null clang-format "${mode[@]}"
