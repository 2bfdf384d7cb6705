#!/usr/bin/env bash
# Builds and tests in a root of another Debian, made by mmdebstrap from the mirror that apt uses here.
#   scripts/distribution.sh [--quick] [SUITE]     SUITE: trixie (Debian 13) unless given
# Runs scripts/quickstart.sh there, then the unit tests; with --quick the first alone. Root and build are
# kept in build/distribution/SUITE, and a second call goes on from them. Needs to be root.
set -euo pipefail

quick='' suite=trixie
for argument in "$@"; do
  case $argument in
    --quick) quick=1 ;;
    -*) sed -n '2,5s/^# //p' "$0"; [ "$argument" = --help ] && exit 0 || exit 2 ;;
    *) suite=$argument ;;
  esac
done
say() { echo "distribution: $*" >&2; }
[ "$(id -u)" -eq 0 ] || { say "chroot and mount need root; run it by sudo"; exit 2; }
command -v mmdebstrap >/dev/null || { say "missing: apt-get install mmdebstrap"; exit 2; }

source=$(cd "$(dirname "$0")/.." && pwd)
place=$source/build/distribution/$suite
root=$place/root

# Where this machine gets Debian from.
mirror() {
  apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' |
    sort -u | sed -n 1p
}

# The same proxies as this machine's apt.
proxies() { apt-config dump | grep -E '^Acquire::(http|https)(::|.*)Proxy' || true; }

make_root() {
  local site options=()
  site=$(mirror)
  [ -n "$site" ] || { say "apt knows no Debian mirror here"; exit 2; }
  while read -r line; do [ -z "$line" ] || options+=(--aptopt="${line%;}"); done < <(proxies)
  say "making a root of $suite in $root"
  mkdir -p "$place"
  rm -rf "$place/new"
  mmdebstrap --quiet --variant=minbase --include=ca-certificates "${options[@]}" \
    "$suite" "$place/new" "$site"
  mv "$place/new" "$root"
}

# Runs a script in the root, with what a process expects to find mounted; that goes with the namespace.
inside() {
  unshare --mount --pid --fork --kill-child bash -euc '
    root=$1; shift
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/dev/shm"
    mount -t tmpfs tmpfs "$root/tmp"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    exec chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
      CCACHE_DIR=/ccache bash -euc "cd /source; $1"
  ' inside "$root" "$1"
}

[ -d "$root" ] || make_root
mkdir -p "$root/source"
(cd "$source" && git ls-files -z | tar --null -cf - -T -) | tar -xf - -C "$root/source"

name=$(inside '. /etc/os-release; echo "$PRETTY_NAME, glibc $(ldd --version | sed -n "1s/.* //p")"')
say "quickstart in $name"
inside 'scripts/quickstart.sh'
[ -z "$quick" ] || exit 0

say "unit tests in $suite"
inside 'scripts/setup.sh --units
  cmake -S . -B build/units -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLEAKTRACK_PRELOAD=OFF \
    -DLEAKTRACK_TESTS=ON >/dev/null
  cmake --build build/units
  ctest --test-dir build/units -LE "simulation|statistics" -j "$(nproc)" --output-on-failure'
