#!/usr/bin/env bash
# Installs what leaktrack needs on Debian 12; a second call is instant.
#   scripts/setup.sh          what a build needs
#   scripts/setup.sh --test   also what the tests run (redis, ruby, clang ...)
#   scripts/setup.sh --bench    also what scripts/bench.sh compares with (heaptrack, valgrind, tcmalloc ...)
#   scripts/setup.sh --survival   also what scripts/survival.sh runs (a JDK, GDB ...)
# Uses apt-get as root, or through sudo.
set -euo pipefail

build=(g++ cmake ninja-build ccache pkg-config libabsl-dev libzstd-dev libdw-dev libelf-dev libiberty-dev libcli11-dev
       nlohmann-json3-dev libtomlplusplus-dev libprotozero-dev zlib1g-dev)
# libunwind: the unwinder's oracle. binutils, xz-utils: split and compressed debug files. The rest is what is tracked.
tests=(libgtest-dev libgmock-dev libbenchmark-dev clang libclang-rt-14-dev clang-tidy libunwind-dev binutils xz-utils
       util-linux git python3 python3-dev redis-server redis-tools ruby procps
       libjemalloc-dev libgoogle-perftools-dev libmimalloc-dev
       memcached nginx-light postgresql sqlite3 libpython3.11-testsuite libsqlite3-dev libxml2-utils python3-jsonschema golang-1.19-go
       nodejs chromium libcap2-bin gosu s6 runit tini man-db mandoc zsh fish debuginfod libdebuginfod1)
bench=(heaptrack valgrind wrk time)
survival=(wrk gdb valgrind default-jdk-headless)
command -v npm >/dev/null || tests+=(npm)  # some packages of nodejs bring it along, and exclude Debian's

case "${1:-}" in
  "") packages=("${build[@]}") ;;
  --test) packages=("${build[@]}" "${tests[@]}") ;;
  --bench) packages=("${build[@]}" "${tests[@]}" "${bench[@]}") ;;
  --survival) packages=("${build[@]}" "${tests[@]}" "${survival[@]}") ;;
  *) sed -n '2,7s/^# //p' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;;
esac

declare -A installed=()
while read -r package status; do
  [ "$status" != installed ] || installed[$package]=1
done < <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do [ -n "${installed[$package]:-}" ] || missing+=("$package"); done
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
# A package that starts a service must not start one here: the tests run their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod +x "$policy"
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
