#!/usr/bin/env bash
# ci/browser/test.sh [pictures | CELLS...]
#
# The html report in a real browser: Debian's chromium, without network. With numbers of cells, only
# how long a page of so many takes to open and to filter, and what its tab needs (100000 1000000);
# with `pictures` those of docs/images anew. What the tests saw is kept in build/browser.
set -euo pipefail
cd "$(dirname "$0")/../.."

bpfmatrix=$(realpath "${BPFMATRIX:-build/release/bin/bpfmatrix}")
work=$(realpath -m build/browser)
ci/deps.sh browser
mkdir -p "$work"
cp ci/browser/package.json "$work/"
# The version is pinned; nothing of it runs while it is installed.
[ -d "$work/node_modules/playwright-core" ] ||
  npm install --prefix "$work" --no-package-lock --ignore-scripts --no-audit --no-fund --silent

export BPFMATRIX=$bpfmatrix BROWSER_WORK=$work
if [ "${1-}" = pictures ]; then
  exec node ci/browser/pictures.mjs
elif [ $# -gt 0 ]; then
  exec node ci/browser/scale.mjs "$@"
fi
exec node --test ci/browser/
