#!/bin/sh
# ci/sysroot.sh [DEST]      default: build/sysroot
#
# The static libraries of the guest's loader, for both architectures, below DEST/{amd64,arm64}:
# libbpf from bookworm-backports (Debian 12 itself has 1.1, the loader needs 1.4), libelf and zlib
# from bookworm. They are resolved in an apt root of their own: this machine's package sources,
# indexes and packages stay as they are. The mirror is the one this machine's apt uses; apt checks
# every file against the Debian archive's keys. Does nothing when DEST is complete.
set -eu

suite=bookworm
newer=$suite-backports
packages="libbpf-dev/$newer libelf-dev/$suite zlib1g-dev/$suite"
architectures="amd64 arm64"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
  echo "error: $1" >&2
  [ -z "${2-}" ] || echo "hint: $2" >&2
  exit 3
}

# What a complete DEST was made for; it changes with this script.
wanted="2 $architectures: $packages"
dest=${1:-$(dirname "$0")/../build/sysroot}
[ -f "$dest/stamp" ] && [ "$(head -n 1 "$dest/stamp")" = "$wanted" ] && exit 0
# An older sysroot is replaced; nothing else is.
[ -f "$dest/stamp" ] || [ ! -e "$dest" ] || rmdir "$dest" 2>/dev/null ||
  fail "'$dest' exists and is no sysroot" "name another directory, or remove it"

for tool in apt-get apt-config dpkg-deb; do
  command -v "$tool" >/dev/null || fail "'$tool' is not there" "this script needs a Debian system"
done
[ -r "$keyring" ] || fail "'$keyring' is not there" "apt-get install debian-archive-keyring"

# The repository that this machine takes its own Debian release from. `indextargets` reads both
# formats of sources. The origin is known only after an `apt-get update`, and without
# --no-release-info nothing is: so the name decides.
release=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
mirror=$(apt-get indextargets --no-release-info --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
  awk -v release="$release" '($1 == release || $1 == "stable") && $2 == "main" { print $3; exit }')
[ -n "$mirror" ] || fail "no package source for '$release main' in this machine's apt configuration" \
  "see sources.list(5)"

mkdir -p "$(dirname "$dest")"
dest=$(cd "$(dirname "$dest")" && pwd)/$(basename "$dest") # apt wants absolute names
work=$(mktemp -d "$dest.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$work"

apt=$work/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/etc"
: >"$apt/status"
# This machine's proxy and the like, but none of its hooks and pins.
apt-config dump | grep '^Acquire::' >"$apt/etc/apt.conf"
for name in "$suite" "$newer"; do
  echo "deb [signed-by=$keyring] $mirror $name main"
done >"$apt/etc/sources.list"
cat >"$apt/apt.conf" <<END
Dir::Etc::main "$apt/etc/apt.conf";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$apt/etc/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
APT::Architectures { "amd64"; "arm64"; };
APT::Sandbox::User "";
Acquire::Languages "none";
END
export APT_CONFIG="$apt/apt.conf"

apt-get -qq update || fail "cannot read the package index of '$suite' and '$newer'" \
  "is the mirror in this machine's apt configuration reachable?"

for arch in $architectures; do
  mkdir -p "$work/download/$arch" "$work/root/$arch"
  for package in $packages; do
    name=${package%/*} from=${package#*/}
    (cd "$work/download/$arch" && apt-get -qq download "$name:$arch/$from") ||
      fail "cannot download '$name' for $arch from '$from'"
  done
  for file in "$work/download/$arch"/*.deb; do
    dpkg-deb -x "$file" "$work/root/$arch"
    dpkg-deb --show --showformat '${Package} ${Version} ${Architecture}\n' "$file"
  done >>"$work/versions"
done

{ echo "$wanted"; cat "$work/versions"; } >"$work/root/stamp"
# Another process may have been faster: then its result is used.
[ ! -e "$dest" ] || mv "$dest" "$work/old"
mv -T "$work/root" "$dest" 2>/dev/null || [ -f "$dest/stamp" ] || fail "cannot write '$dest'"
