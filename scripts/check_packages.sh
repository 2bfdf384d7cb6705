#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what scripts/package.sh makes into empty roots and into roots of Debian's suites, and does the main job there.
#   scripts/check_packages.sh [SUITE...]     bullseye, bookworm and trixie unless given; as root
# The short form, without suites, lintian and podman, is the test e2e.packages.
set -euo pipefail
case "${1:-}" in -*) sed -n '3,5s/^# //p' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;; esac
cd "$(dirname "$0")/.."
. scripts/quietly.sh
[ -e build/release/build.ninja ] || quietly cmake --preset release
quietly cmake --build --preset release --target forgets leaktrack leaktrack_static leaktrack_describe
exec python3 tests/e2e/packages/packages_test.py . build/release build/release/e2e/forgets --long "$@"
