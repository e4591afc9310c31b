#!/bin/sh
# usage: sh collect.sh [-i IMAGE] [-r ROOT] [-k RELEASE] FILE.tar
#
# Collects what bpfmatrix needs of this machine's kernel into one tar, for
#   bpfmatrix kernels add NAME --archive FILE.tar
# It reads the kernel image, its config, System.map and BTF if they are here, and the few modules
# that a guest loads. It reads these files only, and writes FILE.tar and a folder in ${TMPDIR:-/tmp}
# (as large; gone afterwards). Needs a POSIX shell, awk, tar and the like, as busybox has them, and root
# if only root may read the image.
#   -i IMAGE    the kernel image, if it is not found automatically
#   -r ROOT     another system, mounted there (default: this one)
#   -k RELEASE  another of its kernels (default: uname -r)
set -eu

# What images/modules.json wants; what these need in turn is found.
wanted="virtio_pci virtio_console sch_ingress cls_bpf act_bpf veth"

fail() {
  echo "collect.sh: $1" >&2
  exit 1
}

root='' image='' release=$(uname -r)
while getopts i:r:k: option; do
  case $option in
    i) image=$OPTARG ;;
    r) root=$OPTARG ;;
    k) release=$OPTARG ;;
    *) fail "usage: sh collect.sh [-i IMAGE] [-r ROOT] [-k RELEASE] FILE.tar" ;;
  esac
done
shift $((OPTIND - 1))
[ $# -eq 1 ] || fail "usage: sh collect.sh [-i IMAGE] [-r ROOT] [-k RELEASE] FILE.tar"

# The first of these files that is here and not empty.
first() {
  for file; do
    if [ -f "$file" ] && [ -s "$file" ]; then
      echo "$file"
      break
    fi
  done
}

# The modules that a plain .ko says it needs, one name per line.
depends() {
  case $1 in *.ko) tr '\0' '\n' <"$1" | sed -n 's/^depends=//p' | tr ',' '\n' ;; esac
}

# The files of the modules named, and of what they need, below $modules: by modules.dep where depmod
# made one, else (OpenWRT) by what each module says itself.
module_files() {
  if [ -s "$modules/modules.dep" ]; then
    awk -v wanted="$*" -v top="$modules/" '
      function name(path) { sub(".*/", "", path); sub("[.]ko.*", "", path); gsub("-", "_", path); return path }
      BEGIN { n = split(wanted, list, " "); for (i = 1; i <= n; i++) want[list[i]] = 1 }
      { sub(":", " ") }
      name($1) in want { for (i = 1; i <= NF; i++) { sub(".*/modules/[^/]*/", "", $i); if (!($i in seen)) print $i; seen[$i] } }
    ' "$modules/modules.dep"
    return
  fi
  for name; do
    pattern=$(echo "$name" | sed 's/[-_]/[-_]/g')
    (cd "$modules" && find . -name "$pattern.ko*" -type f | sed 's,^\./,,') | while read -r file; do
      echo "$file"
      # shellcheck disable=SC2046 # one word a module
      module_files $(depends "$modules/$file")
    done
  done
}

[ -n "$image" ] || image=$(first "$root/boot/vmlinuz-$release" "$root/lib/modules/$release/vmlinuz" \
  "$root/usr/lib/modules/$release/vmlinuz" "$root/boot/Image-$release" "$root/boot/bzImage-$release" \
  "$root/boot/kernel-$release" "$root/boot/vmlinuz" "$root/boot/Image" "$root/boot/bzImage")
[ -n "$image" ] || fail "no kernel image of '$release' below '$root/boot': name it with -i IMAGE"
[ -r "$image" ] || fail "'$image' cannot be read: run this as root, or name a readable copy with -i"

modules=$root/lib/modules/$release
[ -d "$modules" ] || modules=$root/usr/lib/modules/$release
work=$(mktemp -d "${TMPDIR:-/tmp}/collect.XXXXXX")
trap 'rm -rf "$work"' EXIT
kernel=$work/bpfmatrix-kernel
mkdir "$kernel"

echo "$release" >"$kernel/release"
cp "$image" "$kernel/vmlinuz"
take() { # take NAME FILE: FILE may be empty, when nothing was found
  [ -z "$2" ] || cat "$2" >"$kernel/$1"
  echo "$1: ${2:-not found}" >&2
}
echo "vmlinuz: $image" >&2
config=$(first "$root/boot/config-$release" "$modules/config")
# Files of /proc and /sys have no size until they are read.
[ -n "$config" ] || [ ! -r "$root/proc/config.gz" ] || config=$root/proc/config.gz
take config "$config"
map=$(first "$root/boot/System.map-$release" "$modules/System.map")
# Debian has a line there that says where the real one is.
[ -z "$map" ] || [ "$(wc -c <"$map")" -gt 4096 ] || map=
take System.map "$map"
btf=$root/sys/kernel/btf/vmlinux
[ -r "$btf" ] || btf=
take vmlinux.btf "$btf"

if [ -d "$modules" ]; then
  mkdir "$kernel/modules"
  for list in modules.builtin modules.dep; do
    [ ! -f "$modules/$list" ] || cp "$modules/$list" "$kernel/modules/$list"
  done
  # shellcheck disable=SC2086 # one word a module
  module_files $wanted | sort -u | while read -r file; do
    case $file in */*) mkdir -p "$kernel/modules/${file%/*}" ;; esac
    cp "$modules/$file" "$kernel/modules/$file"
    echo "modules/$file" >&2
  done
fi
tar -C "$work" -cf "$1" bpfmatrix-kernel
echo "wrote $1" >&2
