#!/usr/bin/env bash
# ci/fresh.sh [demo|test|COMMAND...]      default: demo
#
# Tries ci/demo.sh, ci/test.sh or any command in a machine that has never seen bpfmatrix: a new
# Debian 12 root with nothing but git, sudo and certificates, a clone of HEAD in it, an ordinary
# user who may sudo. Prints the end of the output and the time taken; the whole output stays in
# build/fresh.log. Needs root and mmdebstrap. Nothing on this machine changes: the root lies in a
# temporary folder (TMPDIR decides where; about 4 GB), and its mounts live in a mount namespace
# that ends with the trial, so that removing the folder can never reach through one of them.
set -euo pipefail
cd "$(dirname "$0")/.."

suite=bookworm
user=builder

fail() {
  echo "error: $1" >&2
  echo "hint: $2" >&2
  exit 3
}

[ "$EUID" -eq 0 ] || fail "not root" "sudo ci/fresh.sh $*"
for tool in mmdebstrap git unshare; do
  command -v "$tool" >/dev/null || fail "'$tool' is not there" "apt-get install mmdebstrap git util-linux"
done

case "${1-demo}" in
  demo | test) trial=("ci/${1-demo}.sh") ;;
  *) trial=("$@") ;;
esac

# The package sources that this machine has for Debian 12, in one-line format.
sources() {
  # shellcheck disable=SC2016  # the dollars are apt's
  apt-get indextargets --no-release-info --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v suite="$suite" '$3 ~ "^" suite "($|-updates$|-security$)" && $4 == "main"' | sort -u
}

# A root as a new machine has it. Proxies and the like come along, package sources too.
make_root() {
  apt-config dump | grep '^Acquire::' >"$work/apt.conf" || true
  sources >"$work/sources.list"
  [ -s "$work/sources.list" ] || fail "no package source for '$suite main' in this machine's apt configuration" \
    "see sources.list(5)"
  mmdebstrap --quiet --mode=root --variant=minbase --include=ca-certificates,git,sudo \
    --aptopt="$work/apt.conf" "$suite" "$root" "$work/sources.list"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  chroot "$root" useradd --create-home --shell /bin/bash "$user"
  echo "$user ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$user"
  git clone --quiet --no-hardlinks "$PWD" "$root/home/$user/bpfmatrix"
  chroot "$root" chown --recursive "$user:$user" "/home/$user"
}

# Runs the trial as the user, in namespaces of its own: what is mounted here is mounted nowhere
# else, and no process outlives it.
run_trial() {
  # shellcheck disable=SC2016  # the dollars are for the shell inside
  unshare --mount --propagation private --pid --fork --kill-child=KILL bash -euc '
    root=$1 user=$2
    shift 2
    mount --types proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    exec chroot "$root" runuser --login "$user" --command "cd bpfmatrix && $(printf "%q " "$@")"
  ' bash "$root" "$user" "$@"
}

work=$(mktemp --directory --tmpdir bpfmatrix-fresh.XXXXXX)
chmod 755 "$work"
trap 'rm --recursive --force --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM HUP
root=$work/root
mkdir --parents build
log=build/fresh.log

echo "making a fresh Debian 12" >&2
make_root
echo "running '${trial[*]}' in it; all output goes to $log" >&2
SECONDS=0
status=0
run_trial "${trial[@]}" >"$log" 2>&1 </dev/null || status=$?
tail --lines=60 "$log"
printf '%s in a fresh Debian 12: exit code %d after %d min %d s\n' \
  "${trial[*]}" "$status" $((SECONDS / 60)) $((SECONDS % 60))
exit "$status"
