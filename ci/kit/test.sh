#!/usr/bin/env bash
# ci/kit/test.sh
#
# What runs inside the action and the template (gate.sh), as a host's runner would run it: its
# environment, its files for outputs and summaries, and on the loopback device something that
# answers like its API (fake_host.py). The project is two objects of ci/example on two kernels.
# shellcheck disable=SC2016  # dollars and backticks that must stay text
set -euo pipefail
kit=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$kit/../.." && pwd)
bpfmatrix=${BPFMATRIX:-$root/build/release/bin/bpfmatrix}
work=$(mktemp -d)
host=$work/host
server=
finish() {
  [ -z "$server" ] || kill "$server"
  rm -rf "$work"
}
trap finish EXIT

# The names that people choose are no shell text.
project="$work/a project \$(touch pwned) it's"
matrix="my \`touch pwned\` matrix.json"

fail() {
  echo "error: $name: $1" >&2
  for file in "$work"/said "$work"/summary "$work"/outputs "$host"/requests; do
    [ ! -f "$file" ] || sed "s|^|${file##*/}: |" "$file" >&2
  done
  exit 1
}

build() {
  clang -g -O2 -target bpf -I "$root/build/sysroot/amd64/usr/include" -I "/usr/include/$(uname -m)-linux-gnu" \
    -c "$1" -o "$2.bpf.o"
}

make_project() {
  local name
  mkdir -p "$project" "$host"
  cd "$project"
  for name in exec net; do build "$root/ci/example/$name.bpf.c" "$name"; done
  cat >"$matrix" <<'JSON'
{"schema": 1, "kernels": ["debian-5.10-x86_64", "debian-6.1-x86_64"], "btf": ["kernel"]}
JSON
  cp "$root/ci/example/baseline.txt" "${matrix%.json}-baseline.txt"
  echo '{"pull_request": {"number": 12}}' >"$work/event.json"
}

start_host() {
  python3 "$kit/fake_host.py" "$host" &
  server=$!
  for _ in $(seq 200); do
    [ ! -f "$host/port" ] || return 0
    sleep 0.05
  done
  fail "the fake host does not start"
}

# --- as the hosts do ---

# new NAME: nothing is left of the test before but the project and its parts.
new() {
  name=$1
  rm -rf "$host/requests" "$host/mode" "$host/comments.json" "$work"/{summary,outputs,said} "$project/bpfmatrix-out/run"
  touch "$host/requests"
}

# on_github COMMAND [NAME=VALUE...]: exit code in `code`, all output in $work/said.
on_github() {
  local command=$1
  shift
  code=0
  env -i PATH="$PATH" HOME="$HOME" CI=true GITHUB_ACTIONS=true GITHUB_OUTPUT="$work/outputs" \
    ${XDG_CACHE_HOME+"XDG_CACHE_HOME=$XDG_CACHE_HOME"} \
    GITHUB_STEP_SUMMARY="$work/summary" GITHUB_EVENT_PATH="$work/event.json" GITHUB_EVENT_NAME=pull_request \
    GITHUB_API_URL="http://127.0.0.1:$(<"$host/port")" GITHUB_SERVER_URL=https://host.example \
    GITHUB_REPOSITORY=people/project GITHUB_RUN_ID=34 GITHUB_ACTION_PATH="$root/ci/github" \
    BPFMATRIX="$bpfmatrix" BPFMATRIX_MATRIX="$matrix" BPFMATRIX_TOKEN=token-of-job BPFMATRIX_COMMENT=true \
    BPFMATRIX_OPTIONS=$'--object exec.bpf.o\n --object  net.bpf.o' "$@" \
    "$kit/gate.sh" "$command" >"$work/said" 2>&1 || code=$?
}

on_gitlab() {
  local command=$1
  shift
  code=0
  env -i PATH="$PATH" HOME="$HOME" CI=true GITLAB_CI=true CI_MERGE_REQUEST_IID=12 CI_PROJECT_ID=56 \
    ${XDG_CACHE_HOME+"XDG_CACHE_HOME=$XDG_CACHE_HOME"} \
    CI_API_V4_URL="http://127.0.0.1:$(<"$host/port")/api/v4" CI_PIPELINE_URL=https://host.example/pipelines/34 \
    BPFMATRIX="$bpfmatrix" BPFMATRIX_MATRIX="$matrix" BPFMATRIX_TOKEN=token-of-project BPFMATRIX_COMMENT=true \
    BPFMATRIX_OPTIONS='--object exec.bpf.o --object net.bpf.o' "$@" \
    "$kit/gate.sh" "$command" >"$work/said" 2>&1 || code=$?
}

ends_with() { [ "$code" -eq "$1" ] || fail "exit code $code, not $1"; }
says() { grep --quiet --fixed-strings -- "$2" "$1" || fail "no '$2' in ${1##*/}"; }
says_not() { ! grep --quiet --fixed-strings -- "$2" "$1" || fail "'$2' in ${1##*/}"; }
# requests PATTERN N: so many were made.
requests() {
  local made
  made=$(grep --count -- "$1" "$host/requests" || true)
  [ "$made" -eq "$2" ] || fail "$made requests of '$1', not $2"
}
comment() { jq --raw-output "$1" "$host/comments.json"; }

# --- the tests ---

make_project
name=host
start_host

new "two parts are run, and handed on"
on_github run BPFMATRIX_SHARD=1/2
ends_with 0
says "$work/outputs" part=1-of-2
says "$work/said" ::stop-commands::
on_gitlab run CI_NODE_INDEX=2 CI_NODE_TOTAL=2
ends_with 0
[ -f bpfmatrix-out/parts/2-of-2/run.json ] || fail "no part 2"
[ "$(cat bpfmatrix-out/parts/*/outcomes.jsonl | wc -l)" -eq 4 ] || fail "not four cells"

new "they are judged together, with a summary, reports and a comment"
jq --null-input '[range(100) | {id: ., body: "<!-- bpfmatrix gate: bpfmatrix -->\nnot ours", user: {login: "somebody", type: "User"}}]' >"$host/comments.json"
on_github judge
ends_with 0
says "$work/outputs" exit-code=0
says "$work/summary" 'bpfmatrix: as expected'
says "$work/said" '4 as_expected'
says "$work/said" '::notice title=bpfmatrix::4 as_expected'
[ -s bpfmatrix-out/junit.xml ] || fail "no junit.xml"
says bpfmatrix-out/report.html "<html"
requests 'GET /repos/people/project/issues/12/comments?per_page=100&page=[12] Bearer token-of-job' 2
requests 'POST /repos/people/project/issues/12/comments Bearer token-of-job' 1
requests . 3
[[ $(comment '.[100].body') == '<!-- bpfmatrix gate: bpfmatrix -->'$'\n''✅ **bpfmatrix: as expected**'* ]] || fail "another comment"
[[ $(comment '.[100].body') == *'](https://host.example/people/project/actions/runs/34)' ]] || fail "no link in the comment"
says_not "$work/said" token-of-job

name="the second time, the same comment is changed"
: >"$host/requests"
on_github judge
ends_with 0
requests 'POST' 0
requests 'PATCH /repos/people/project/issues/comments/7100 Bearer token-of-job' 1
[ "$(comment length)" -eq 101 ] || fail "more comments"
[ "$(comment '.[0].body')" = '<!-- bpfmatrix gate: bpfmatrix -->'$'\n''not ours' ] || fail "somebody's comment was changed"

name="another gate has a comment of its own"
on_github judge BPFMATRIX_NAME='other gate'
ends_with 0
[ "$(comment length)" -eq 102 ] || fail "no other comment"

new "an owner of the token who is no bot is found by name"
echo '[{"id": 5, "body": "<!-- bpfmatrix gate: bpfmatrix -->", "user": {"login": "me", "type": "User"}}]' >"$host/comments.json"
on_github judge BPFMATRIX_COMMENT_AUTHOR=me
requests 'PATCH /repos/people/project/issues/comments/5 ' 1

for mode in 500 403 garbage; do
  new "an API that says $mode makes no green gate red"
  echo "$mode" >"$host/mode"
  on_github judge
  ends_with 0
  says "$work/said" '::warning title=bpfmatrix::the comment is not up to date'
done

new "a push is no pull request"
echo '{}' >"$work/event.json"
on_github judge
ends_with 0
requests . 0
says "$work/said" 'this is no pull or merge request'
echo '{"pull_request": {"number": "12/../../x"}}' >"$work/event.json"
on_github judge
requests . 0
echo '{"pull_request": {"number": 12}}' >"$work/event.json"

new "a token with other characters is not used"
on_github judge BPFMATRIX_TOKEN=$'a"\nurl = "http://elsewhere.example'
ends_with 0
requests . 0
says "$work/said" 'no comment: there is no token'

new "on GitLab the merge request gets the comment, once"
echo '[{"id": 1, "body": "<!-- bpfmatrix gate: bpfmatrix -->", "author": {"username": "somebody"}}]' >"$host/comments.json"
on_gitlab judge
ends_with 0
requests 'POST /api/v4/projects/56/merge_requests/12/notes token-of-project' 1
on_gitlab judge
requests 'POST' 1
requests 'PUT /api/v4/projects/56/merge_requests/12/notes/7001 token-of-project' 1
says_not "$work/said" '::'

new "a part that is missing is no green gate"
mv bpfmatrix-out/parts/2-of-2 "$work/kept"
on_github judge
ends_with 3
says "$work/said" 'a part of the plan is missing'
says "$work/summary" 'not everything is known'
on_github judge BPFMATRIX_ALLOW_UNKNOWN=true
ends_with 0
says "$work/said" '::warning title=bpfmatrix::not everything is known'
says "$work/outputs" exit-code=3

new "no part at all is no verdict, whatever is allowed"
mv bpfmatrix-out/parts/1-of-2 "$work/kept1"
on_github judge BPFMATRIX_ALLOW_UNKNOWN=true
ends_with 3
says "$work/summary" 'there is no verdict'
[[ $(comment '.[0].body') == *'nothing was run'* ]] || fail "the comment does not say it"
mv "$work/kept" bpfmatrix-out/parts/2-of-2
mv "$work/kept1" bpfmatrix-out/parts/1-of-2

new "parts that do not fit together are no verdict"
cp -r bpfmatrix-out/parts "$work/parts"
sed -i 's/"case":"exec.bpf",\(.*\)"object":{\([^}]*\)"sha256":"[0-9a-f]*"/"case":"exec.bpf",\1"object":{\2"sha256":"'"$(printf '0%.0s' {1..64})"'"/' bpfmatrix-out/parts/2-of-2/outcomes.jsonl
on_github judge
ends_with 2
says "$work/said" '::error title=bpfmatrix::the parts of the run cannot be joined'
says "$work/summary" 'is not the same in'
rm -rf bpfmatrix-out/parts
mv "$work/parts" bpfmatrix-out/parts

new "a program that is worse makes the gate red, and every report says it"
rm -rf bpfmatrix-out
# bpf_strncmp came in 5.17.
sed "s/if (name\[0\] == 's' .*) count(1);/if (bpf_strncmp(name, 3, \"sh\") == 0) count(1);/" "$root/ci/example/exec.bpf.c" >"$work/exec.bpf.c"
build "$work/exec.bpf.c" exec
on_github run
ends_with 0
on_github judge
ends_with 1
says "$work/said" '::error file='
says "$work/said" 'bpf_strncmp came in 5.17'
says "$work/summary" '**regressed**: <code>exec.bpf&#58;count&#95;shells</code> on <code>debian-5.10-x86&#95;64</code>'
says bpfmatrix-out/junit.xml 'type="helper_unknown"'
[[ $(comment '.[0].body') == *'not as it should be'* ]] || fail "the comment does not say it"

name="an API that is not there makes no red gate green"
on_github judge GITHUB_API_URL=http://127.0.0.1:9
ends_with 1
says "$work/said" '::warning title=bpfmatrix::the comment is not up to date'

name="a baseline that is named and is not there is an error"
on_github judge BPFMATRIX_BASELINE=nowhere.txt
ends_with 2

name="words of the environment are no shell text"
on_github run BPFMATRIX_OPTIONS='--object exec.bpf.o ; touch pwned; `touch pwned` $(touch pwned) * --x'
ends_with 2
on_github run BPFMATRIX_SHARD='1/2; touch pwned'
ends_with 2
on_github judge BPFMATRIX_NAME='$(touch pwned) -->'
[ -z "$(find "$work" -name 'pwned')" ] || fail "a word was run"

new "a package that has another hash is not installed"
echo package >x.deb
on_github install BPFMATRIX_PACKAGE=x.deb BPFMATRIX_PACKAGE_SHA256=00
ends_with 2
says "$work/said" "the package's sha256 is "
on_github install BPFMATRIX_PACKAGE=https://host.example/x.deb
ends_with 2
on_github install
ends_with 0
on_github key
ends_with 0
grep --quiet --extended-regexp '^key=[a-z0-9_]+-[0-9a-f]{16}-[0-9a-f]{16}$' "$work/outputs" || fail "no key"

# Inputs are never part of a line that a shell reads.
name=action
! grep --line-number 'run: .*\${{' "$root/ci/github/action.yml" || fail "an input in shell text"
echo "ok: run in parts, judged, reported, commented"
