#!/usr/bin/env bash
# ci/kit/gate.sh key|install|run|judge
#
# A gate for BPF programs in a CI job, the same on each host: ci/github/action.yml and
# ci/gitlab/bpfmatrix.yml only call this. docs/ci.md shows both.
#
#   key      prints what a cache of the store is kept under: the catalog of kernels and bpfmatrix itself
#   install  makes sure that there is a bpfmatrix: one that is there already, a package, or built here
#   run      tries the objects of the matrix on its kernels, or one part of that
#   judge    joins the parts, compares them with the baseline, writes the reports and the comment;
#            its exit code is that of the gate (0 as expected, 1 worse, 2 wrong, 3 not known)
#
# Everything comes from the environment, and nothing of it is ever read as shell text:
#
#   BPFMATRIX_MATRIX          the matrix in your repository (bpfmatrix init writes one); default: bpfmatrix.json
#   BPFMATRIX_BASELINE        default: beside the matrix, its name with -baseline.txt for .json, if that is there
#   BPFMATRIX_OPTIONS         more words for `run`, with blanks between them
#   BPFMATRIX_GATE_OPTIONS    more words for `judge` and `report`, such as --required 'debian-6.1-*'
#   BPFMATRIX_SHARD           I/N: only this part of the plan. GitLab's `parallel` says it by itself
#   BPFMATRIX_OUT             what is written goes below this folder; default: bpfmatrix-out
#   BPFMATRIX_ALLOW_UNKNOWN   true: what could not be found out is said, and is no failure
#   BPFMATRIX_COMMENT         true: write the verdict below the pull or merge request, and keep it up to date
#   BPFMATRIX_NAME            of this gate, where a request has several; default: bpfmatrix
#   BPFMATRIX_TOKEN           for the comment. GitHub: that of the job. GitLab: a project's token (api)
#   BPFMATRIX_COMMENT_AUTHOR  GitHub: who owns the token, if that is no bot
#   BPFMATRIX_PACKAGE, BPFMATRIX_PACKAGE_SHA256
#                             a Debian package of bpfmatrix to install, a file or a URL, and its hash
#   BPFMATRIX                 a bpfmatrix that is there already
set -euo pipefail

kit=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_tree=$(cd "$kit/../.." && pwd)
out=${BPFMATRIX_OUT:-bpfmatrix-out}
matrix=${BPFMATRIX_MATRIX:-bpfmatrix.json}
cache=${XDG_CACHE_HOME:-$HOME/.cache}

# --- what the host is told ---

on_github() { [ "${GITHUB_ACTIONS-}" = true ]; }

# As data of a workflow command: no text can begin another one.
command_data() {
  local text=${1//'%'/'%25'}
  text=${text//$'\r'/'%0D'}
  printf '%s' "${text//$'\n'/'%0A'}"
}

# say LEVEL TEXT: to the log, and on GitHub as an annotation.
say() {
  if on_github; then
    printf '::%s title=bpfmatrix::%s\n' "$1" "$(command_data "$2")"
  else
    printf '%s: %s\n' "$1" "$2" >&2
  fi
}

fail() {
  say error "$2"
  exit "$1"
}

# output NAME VALUE: for later steps of the job.
output() {
  [ -z "${GITHUB_OUTPUT-}" ] || printf '%s=%s\n' "$1" "${2//[$'\r\n']/ }" >>"$GITHUB_OUTPUT"
}

# Runs a command whose output has texts of others: on GitHub no line of it is a workflow command.
quoted() {
  local code=0 mark
  on_github || { "$@"; return; }
  mark=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  echo "::stop-commands::$mark"
  "$@" 2>&1 || code=$?
  echo "::$mark::"
  return "$code"
}

# --- bpfmatrix ---

# Of what it is built from.
sources() {
  (cd "$source_tree" && find harness cmake CMakeLists.txt -type f -print0 | LC_ALL=C sort -z |
    xargs -0 sha256sum | sha256sum | head --bytes=16)
}

key() {
  local catalog
  catalog=$(uname -m)-$(sha256sum <"$source_tree/kernels/catalog.json" | head --bytes=16)
  output cache "$cache"
  output catalog "$catalog"
  output key "$catalog-$(sources)"
  echo "$catalog-$(sources)"
}

# Sets `bpfmatrix`: one that is named, one that is installed, or the one that was built here.
needed_program() {
  local built
  bpfmatrix=${BPFMATRIX:-$(command -v bpfmatrix || true)}
  [ -z "$bpfmatrix" ] || return 0
  built=$cache/bpfmatrix-program/$(sources)
  bpfmatrix=$built/bin/bpfmatrix
  [ -x "$bpfmatrix" ] || fail 2 "there is no bpfmatrix: 'gate.sh install' comes first"
}

as_root() {
  if [ "$EUID" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

install_package() {
  local file=$BPFMATRIX_PACKAGE wanted=${BPFMATRIX_PACKAGE_SHA256-} sum
  if [[ $file == *://* ]]; then
    [ -n "$wanted" ] || fail 2 "a package from a URL needs its hash (package-sha256)"
    curl --fail --silent --show-error --location --proto '=https' --max-time 300 --output "$work/bpfmatrix.deb" "$file" ||
      fail 3 "cannot download the package"
    file=$work/bpfmatrix.deb
  fi
  sum=$(sha256sum "$file") || fail 2 "cannot read the package '$file'"
  [ -z "$wanted" ] || [ "${sum%% *}" = "$wanted" ] ||
    fail 2 "the package's sha256 is ${sum%% *}, wanted $wanted"
  as_root apt-get --quiet=2 update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get --quiet=2 install --yes --no-install-recommends \
    "$(realpath "$file")" clang curl jq libbpf-dev qemu-system-arm qemu-system-x86
}

build() {
  local built
  built=$cache/bpfmatrix-program/$(sources)
  "$source_tree/ci/deps.sh"
  [ ! -x "$built/bin/bpfmatrix" ] || return 0
  (
    cd "$source_tree"
    ci/sysroot.sh
    cmake --preset release -DBUILD_TESTING=OFF
    cmake --build --preset release
    cmake --install build/release --prefix "$built"
  ) >&2
}

install() {
  if [ -n "${BPFMATRIX_PACKAGE-}" ]; then
    install_package
  elif [ -z "${BPFMATRIX-}" ] && ! command -v bpfmatrix >/dev/null; then
    build
  fi
  needed_program
  "$bpfmatrix" --version
}

# --- run ---

# words TEXT: sets `words`. No word is a pattern for files, and none is run.
words() {
  local line
  words=()
  while read -r -a line; do
    if [ "${#line[@]}" -gt 0 ]; then words+=("${line[@]}"); fi
  done <<<"$1"
}

shard_of_host() {
  if [ -n "${BPFMATRIX_SHARD-}" ]; then
    printf '%s' "$BPFMATRIX_SHARD"
  elif [ "${CI_NODE_TOTAL:-1}" -gt 1 ]; then
    printf '%s/%s' "$CI_NODE_INDEX" "$CI_NODE_TOTAL"
  fi
}

run_into() {
  "$bpfmatrix" run --out "$@" >"$out/run.txt"
}

# What is worse than it may be is for `judge` to say, when all parts are there.
run() {
  local shard options=() folder=$out/run code=0
  needed_program
  shard=$(shard_of_host)
  if [ -n "$shard" ]; then
    [[ $shard =~ ^[0-9]+/[0-9]+$ ]] || fail 2 "the part '$shard': wanted I/N, as in 2/4"
    options=(--shard "$shard")
    folder=$out/parts/${shard/\//-of-}
    output part "${shard/\//-of-}"
  fi
  words "${BPFMATRIX_OPTIONS-}"
  options+=("$matrix")
  rm -rf "$folder"
  # A whole run is judged alone, whatever parts of another lie there.
  [ -n "$shard" ] || rm -rf "$out/parts"
  mkdir -p "$(dirname "$folder")"
  quoted run_into "$folder" "${options[@]}" "${words[@]}" || code=$?
  case "$code" in
    0 | 1 | 3) ;;
    *) fail "$code" "bpfmatrix run ended with $code" ;;
  esac
}

# --- judge ---

# Sets `gate`: what a run is compared with.
options_of_gate() {
  local baseline=${BPFMATRIX_BASELINE:-${matrix%.json}-baseline.txt}
  gate=()
  if [ -n "${BPFMATRIX_BASELINE-}" ] || [ -e "$baseline" ]; then
    gate=(--baseline "$baseline")
  else
    say notice "no baseline '$baseline': there is nothing to compare with; 'bpfmatrix judge RUN --baseline $baseline --accept' makes one"
  fi
  words "${BPFMATRIX_GATE_OPTIONS-}"
  gate+=("${words[@]}")
}

# Whatever else goes wrong, the verdict stays, and it is said.
report() {
  "$bpfmatrix" report "$out/run" --format "$1" "${gate[@]}" -o "$out/$2" 2>"$work/error" ||
    say warning "no report '$2': $(<"$work/error")"
}

# The whole run in $out/run. Prints why there is none, and fails with an exit code.
whole_run() {
  local parts=("$out"/parts/*/run.json)
  if [ ! -e "${parts[0]}" ]; then
    [ ! -e "$out/run/run.json" ] || return 0
    echo "nothing was run: there is neither a run nor a part of one in '$out'"
    return 3
  fi
  rm -rf "$out/run"
  "$bpfmatrix" merge "${parts[@]%/run.json}" -o "$out/run" 2>"$work/error" || {
    echo "the parts of the run cannot be joined: $(<"$work/error")"
    return 2
  }
  cat "$work/error" >&2
}

# As Markdown, whatever is in it.
escaped() {
  local text=${1//'&'/'&amp;'}
  printf '%s' "${text//'<'/'&lt;'}"
}

# Sets `code`, and writes the reports; `trouble` is why there is no verdict.
judge_run() {
  rm -f "$out"/report.* "$out/junit.xml" "$out/annotations.txt"
  trouble=$(whole_run) || {
    code=$?
    say error "$trouble"
    printf '❌ **bpfmatrix: there is no verdict**\n\n<pre>%s</pre>\n' "$(escaped "$trouble")" >"$out/report.md"
    return 0
  }
  quoted "$bpfmatrix" judge "$out/run" "${gate[@]}" || code=$?
  report html report.html
  report junit junit.xml
  report markdown report.md
  on_github || return 0
  report github annotations.txt
  [ ! -f "$out/annotations.txt" ] || cat "$out/annotations.txt"
}

judge() {
  local code=0 trouble=''
  needed_program
  mkdir -p "$out"
  options_of_gate
  judge_run
  [ -f "$out/report.md" ] || printf '**bpfmatrix: exit code %s, and no report**\n' "$code" >"$out/report.md"
  [ -z "${GITHUB_STEP_SUMMARY-}" ] || cat "$out/report.md" >>"$GITHUB_STEP_SUMMARY"
  if [ "${BPFMATRIX_COMMENT-}" = true ]; then
    comment || say warning "the comment is not up to date; the verdict is not touched by that"
  fi
  output exit-code "$code"
  if [ "$code" -eq 3 ] && [ -z "$trouble" ] && [ "${BPFMATRIX_ALLOW_UNKNOWN-}" = true ]; then
    say warning "not everything is known (exit code 3), which is allowed here"
    return 0
  fi
  return "$code"
}

# --- the comment ---

# api METHOD URL [FILE]: what the host's API answers. The token is on no command line.
api() {
  local options=(--silent --show-error --fail --proto '=http,https' --max-time 30 --request "$1")
  if [ "$1" = GET ]; then
    options+=(--retry 2)
  else
    options+=(--header 'Content-Type: application/json' --data-binary "@$3")
  fi
  printf 'header = "%s%s"\n' "$authorization" "$token" |
    curl --config - "${options[@]}" --header 'Accept: application/json' "$2"
}

# The id of our own comment; of none nothing. A comment of somebody else with our first line is not ours.
find_comment() {
  local page
  for ((page = 1; page <= 100; ++page)); do
    api GET "$comments?per_page=100&page=$page" >"$work/page" || return 1
    jq --raw-output --arg mark "$mark" --arg author "${author-}" \
      "first(.[] | select((.body // \"\") | startswith(\$mark)) | select($is_ours)) | .id" "$work/page" >"$work/id" || return 1
    if [ -s "$work/id" ]; then
      [[ $(<"$work/id") =~ ^[0-9]+$ ]] && cat "$work/id"
      return
    fi
    [ "$(jq length "$work/page")" -ge 100 ] || return 0
  done
}

# Sets comments (URL of the list), is_ours (jq), change (method), authorization. 1: this is no request.
request_of_github() {
  local number=''
  authorization='Authorization: Bearer '
  change=PATCH
  author=${BPFMATRIX_COMMENT_AUTHOR-}
  # shellcheck disable=SC2016  # jq's
  is_ours='if $author == "" then .user.type == "Bot" else .user.login == $author end'
  [ ! -f "${GITHUB_EVENT_PATH-}" ] || number=$(jq '.pull_request.number // empty' "$GITHUB_EVENT_PATH")
  [[ $number =~ ^[0-9]+$ ]] || return 1
  comments=$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues/$number/comments
  changed=$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues/comments
  link=$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID
}

request_of_gitlab() {
  authorization='PRIVATE-TOKEN: '
  change=PUT
  # shellcheck disable=SC2016
  is_ours='.author.username == $author'
  [[ ${CI_MERGE_REQUEST_IID-} =~ ^[0-9]+$ ]] || return 1
  comments=$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes
  changed=$comments
  link=${CI_PIPELINE_URL-}
}

# One for each gate, written once and then kept up to date: its first line, which nobody sees, finds it again.
comment() {
  local author comments changed change is_ours authorization link id mark
  local token=${BPFMATRIX_TOKEN-} name=${BPFMATRIX_NAME:-bpfmatrix}
  if on_github; then request_of_github; else request_of_gitlab; fi || {
    say notice "no comment: this is no pull or merge request"
    return 0
  }
  [[ $token =~ ^[A-Za-z0-9_.=-]+$ ]] || {
    say warning "no comment: there is no token, or it has characters that no token has"
    return 1
  }
  [[ $name =~ ^[A-Za-z0-9\ _.-]+$ ]] || {
    say warning "no comment: a gate's name has only letters, digits, blanks and _ . -"
    return 1
  }
  mark="<!-- bpfmatrix gate: ${name//--/-} -->"
  if ! on_github; then
    author=$(api GET "$CI_API_V4_URL/user" | jq --raw-output .username) || return 1
  fi
  printf '%s\n' "$mark" >"$work/text"
  cat "$out/report.md" >>"$work/text"
  [ -z "$link" ] || printf '\n[The job, with the whole report](%s)\n' "$link" >>"$work/text"
  jq --null-input --rawfile body "$work/text" '{body: $body}' >"$work/body" || return 1
  id=$(find_comment) || return 1
  if [ -n "$id" ]; then
    api "$change" "$changed/$id" "$work/body" >"$work/answer"
  else
    api POST "$comments" "$work/body" >"$work/answer"
  fi
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case "${1-}" in
  key | install | run | judge) "$1" ;;
  *) fail 2 "wanted: gate.sh key|install|run|judge" ;;
esac
