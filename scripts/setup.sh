#!/usr/bin/env bash
# Installs what leaktrack needs on Debian 12 and 13, and on Ubuntu (by its names; not tried there). A second
# call is instant.
#   scripts/setup.sh          what a build needs
#   scripts/setup.sh --units  also what the unit tests need
#   scripts/setup.sh --test   also what all tests run (redis, ruby, clang ...)
#   scripts/setup.sh --package  also what scripts/package.sh and its checks need (debhelper, lintian ...)
#   scripts/setup.sh --bench    also what scripts/bench.sh compares with (heaptrack, valgrind, tcmalloc ...)
#   scripts/setup.sh --survival   also what scripts/survival.sh runs (a JDK, GDB, GHC ...)
# Uses apt-get as root, or through sudo.
set -euo pipefail

# One name each, or several with | between: distributions call some packages by the version that they
# have. The first that is known here is installed, unless one of them is there already.
build=(g++ cmake ninja-build ccache pkg-config libabsl-dev libzstd-dev liblz4-dev libdw-dev libelf-dev
       liblzma-dev libiberty-dev libcli11-dev
       nlohmann-json3-dev libtomlplusplus-dev libprotozero-dev zlib1g-dev libboost-math-dev libboost-dev libutf8proc-dev)
# libunwind: the unwinder's oracle. binutils, dwz, xz-utils: split and compressed debug files.
units=(libgtest-dev libgmock-dev clang libunwind-dev binutils dwz xz-utils util-linux git python3)
# The rest is what is tracked.
tests=(libbenchmark-dev "libclang-rt-dev|libclang-rt-14-dev" clang-tidy "clang-format-14|clang-format"
       python3-dev redis-server redis-tools ruby procps strace
       libjemalloc-dev libgoogle-perftools-dev libmimalloc-dev
       memcached "nginx-light|nginx-core|nginx" postgresql sqlite3
       "libpython3.11-testsuite|libpython3.13-testsuite|libpython3.12-testsuite|libpython3.10-testsuite"
       libsqlite3-dev libxml2-utils python3-jsonschema python3-yaml
       "golang-1.19-go|golang-1.24-go|golang-1.23-go|golang-1.22-go|golang-1.18-go|golang-go"
       nodejs "chromium|chromium-browser" libcap2-bin gosu s6 runit tini man-db mandoc zsh fish
       debuginfod "libdebuginfod1|libdebuginfod1t64" musl-tools faketime
       guile-3.0 sbcl erlang-base php-cli lua5.4 bubblewrap openssh-server openssh-client haproxy
       apache2-bin fakeroot eatmydata qemu-user
       qemu-system-x86 busybox-static cpio  # these three: scripts/guest.sh
       prometheus tmux debhelper libbz2-dev)
package=(debhelper dpkg-dev libbz2-dev lintian mmdebstrap podman runc)
bench=(heaptrack valgrind wrk time)
survival=(wrk gdb valgrind default-jdk-headless ghc ocaml-nox)
command -v npm >/dev/null || tests+=(npm)  # some packages of nodejs bring it along, and exclude Debian's

case "${1:-}" in
  "") packages=("${build[@]}") ;;
  --units) packages=("${build[@]}" "${units[@]}") ;;
  --test) packages=("${build[@]}" "${units[@]}" "${tests[@]}") ;;
  --package) packages=("${build[@]}" "${package[@]}") ;;
  --bench) packages=("${build[@]}" "${units[@]}" "${tests[@]}" "${bench[@]}") ;;
  --survival) packages=("${build[@]}" "${units[@]}" "${tests[@]}" "${survival[@]}") ;;
  *) sed -n '2,10s/^# //p' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;;
esac

declare -A installed=()
while read -r package status; do
  [ "$status" != installed ] || installed[$package]=1
done < <(tr ' |' '\n\n' <<<"${packages[*]}" |
         xargs dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null || true)
is_installed() {
  local name
  for name in ${1//|/ }; do [ -z "${installed[$name]:-}" ] || return 0; done
  return 1
}
missing=()
for package in "${packages[@]}"; do is_installed "$package" || missing+=("$package"); done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo)
  if ! command -v sudo >/dev/null; then
    echo "setup: no sudo here; as root: apt-get install ${missing[*]}" >&2
    exit 2
  fi
fi
echo "setup: installing ${missing[*]}" >&2
"${as_root[@]}" true  # sudo asks for a password here, not below a line that tells of progress
# A package that starts a service must not start one here: the tests run their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod +x "$policy"
fi
. "$(dirname "$0")/quietly.sh"
quietly "${as_root[@]}" apt-get update -qq

# The first of the names that can be installed here; nothing if there is none.
known() {
  local name
  for name in ${1//|/ }; do
    [ -z "$(apt-cache show --no-all-versions "$name" 2>/dev/null)" ] || { echo "$name"; return; }
  done
}
chosen=() unknown=()
for package in "${missing[@]}"; do
  name=$(known "$package")
  if [ -n "$name" ]; then chosen+=("$name"); else unknown+=("$package"); fi
done
[ ${#chosen[@]} -eq 0 ] ||
  quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${chosen[@]}"
# A build needs all of its packages; tests skip what is not there, and say so.
for package in "${unknown[@]}"; do
  echo "setup: no package is called $package here" >&2
  [[ " ${build[*]} " != *" $package "* ]] || { echo "setup: a build needs it" >&2; exit 2; }
done
