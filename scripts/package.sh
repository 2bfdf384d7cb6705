#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes what is delivered, from what build/release has built: a relocatable tarball, a Debian package, an OCI image.
#   scripts/package.sh [--no-build] [--tree BUILD] [--output FOLDER] [tarball] [deb] [image]
# All three unless some are named. BUILD: another one than build/release. --no-build: it is up to date.
# Leaves them in FOLDER or build/packages, with a list of what is inside (SPDX) and SHA256SUMS, which can be signed. The same
# sources at the same path with the same compiler give the same bytes: times are the last commit's, or SOURCE_DATE_EPOCH.
# Install what it needs by scripts/setup.sh --package.
set -euo pipefail
umask 022
export LC_ALL=C TZ=UTC

cd "$(dirname "$0")/.."
. scripts/quietly.sh
say() { echo "package: $*" >&2; }
fail() { say "$*"; exit 2; }

kinds=() build=1 tree=$PWD/build/release output=$PWD/build/packages
while [ $# -gt 0 ]; do
  case $1 in
    tarball|deb|image) kinds+=("$1") ;;
    --no-build) build='' ;;
    --tree) tree=$(realpath "$2"); shift ;;
    --output) output=$(realpath -m "$2"); shift ;;
    *) sed -n '3,9s/^# //p' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;;
  esac
  shift
done
[ ${#kinds[@]} -gt 0 ] || kinds=(tarball deb image)

stage=$output/stage
version=$(sed -n 's/^project(leaktrack VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
architecture=$(dpkg --print-architecture)
name=leaktrack-$version-linux-$architecture
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)}"
export SOURCE_DATE_EPOCH

build_all() {
  say "building the library and the program"
  [ -e "$tree/build.ninja" ] || quietly cmake --preset release
  quietly cmake --build "$tree" --target leaktrack leaktrack_static leaktrack_describe
}

# Everything as it lies below a prefix, with debug information still in it: $stage/full. Without: $stage/tree.
fill_stage() {
  local full=$stage/full
  rm -rf "$stage"
  mkdir -p "$full"/{bin,lib/cmake/leaktrack,include,share/leaktrack,share/doc/leaktrack/third-party}
  install -m 755 "$tree/bin/leaktrack_static" "$full/bin/leaktrack"
  install -m 644 "$tree/lib/libleaktrack.so" "$full/lib/libleaktrack.so"
  "$tree/tools/leaktrack_describe" "$full/share" "$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%d)"
  cp -r include/leaktrack "$full/include/"
  install -m 644 scripts/ci/leaktrackConfig.cmake "$full/lib/cmake/leaktrack/"
  install -m 644 tools/report/report.schema.json tools/report/merge.schema.json "$full/share/leaktrack/"
  [ ! -d scripts/deploy ] || cp -r scripts/deploy "$full/share/leaktrack/deploy"
  install -D -m 644 scripts/packages/systemd-drop-in.conf "$full/share/doc/leaktrack/examples/systemd-drop-in.conf"
  install -m 644 LICENSE NOTICE CHANGELOG.md README.md "$full/share/doc/leaktrack/"
  python3 scripts/packages/contents.py "$tree/bin/leaktrack_static.map" "$version" \
    "$full/share/doc/leaktrack/third-party" "$output/leaktrack-$version-$architecture.spdx.json"
  install -m 644 "$output/leaktrack-$version-$architecture.spdx.json" "$full/share/doc/leaktrack/leaktrack.spdx.json"
  chmod -R u+w,go+rX,go-w "$full"
  find "$full" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  cp -a "$full" "$stage/tree"
  strip --strip-unneeded "$stage/tree/bin/leaktrack" "$stage/tree/lib/libleaktrack.so"
  find "$stage/tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

make_tarball() {
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --format=ustar \
    --transform "s,^\./\?,$name/," -C "$stage/tree" -cf - . | gzip -9n >"$output/$name.tar.gz"
}

# debhelper expects debian/ in a tree of sources; this one has what is to be installed, and nothing to build.
make_deb() {
  local work=$stage/deb/leaktrack-$version log=$stage/deb.log
  [ "$(dpkg-parsechangelog -l scripts/debian/changelog -S Version)" = "$version-1" ] ||
    fail "scripts/debian/changelog does not begin with version $version-1, that of CMakeLists.txt"
  mkdir -p "$work"
  cp -r scripts/debian "$work/debian"
  sed -n '/^## /,$p' CHANGELOG.md >"$work/CHANGELOG.md"
  chmod 755 "$work/debian/rules"
  (cd "$work" && LEAKTRACK_STAGE=$stage/full dpkg-buildpackage -b -us -uc -d) >"$log" 2>&1 ||
    { cat "$log" >&2; fail "dpkg-buildpackage failed"; }
  rm -f "$output"/leaktrack*.deb
  mv "$stage"/deb/*.deb "$output/"
}

make_image() {
  python3 scripts/packages/oci_image.py "$stage/tree" "$output/leaktrack-$version-oci-$architecture.tar" \
    "$version" "$architecture" "$SOURCE_DATE_EPOCH"
}

mkdir -p "$output"
[ -z "$build" ] || build_all
fill_stage
for kind in "${kinds[@]}"; do
  say "making the $kind"
  "make_$kind"
done
rm -rf "$stage"
cd "$output"
find . -maxdepth 1 -type f ! -name SHA256SUMS -printf '%P\n' | sort | xargs sha256sum >SHA256SUMS
say "in $output:"
xargs -a <(awk '{print $2}' SHA256SUMS) du -b | awk '{printf "  %-52s %8.2f MiB\n", $2, $1 / 1048576}' >&2
