#!/usr/bin/env bash
# Installs what leaktrack needs on Debian 12; a second call is instant.
#   scripts/setup.sh          what a build needs
#   scripts/setup.sh --test   also what the tests run (redis, ruby, valgrind, clang ...)
# Uses apt-get as root, or through sudo.
set -euo pipefail

build=(g++ cmake ninja-build ccache pkg-config libunwind-dev libabsl-dev libzstd-dev libdw-dev libelf-dev
       libiberty-dev libcli11-dev nlohmann-json3-dev)
tests=(libgtest-dev libgmock-dev libbenchmark-dev clang libclang-rt-14-dev python3 python3-dev redis-server redis-tools
       ruby valgrind gdb binutils util-linux libjemalloc2 libgoogle-perftools4 strace file libc6-dbg)

case "${1:-}" in
  "") packages=("${build[@]}") ;;
  --test) packages=("${build[@]}" "${tests[@]}") ;;
  *) sed -n '2,5s/^# //p' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;;
esac

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
echo "setup: installing ${missing[*]}" >&2
# A package that starts a service must not start one here: the tests run their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod +x "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
