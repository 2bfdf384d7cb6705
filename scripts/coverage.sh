#!/usr/bin/env bash
# Which lines the unit tests run: builds them with gcov's counters, runs them, and prints lines and
# covered lines per folder.
#   scripts/coverage.sh                 all unit tests; the hours of seeded arithmetic are left out
#   scripts/coverage.sh -R runtime      only tests of that name, as for ctest
#   scripts/coverage.sh --uncovered libtrack/runtime
#                                       of the last run: the lines of that folder that nobody ran
# Whole programs under the library are not counted: what only they reach (libtrack/interpose, most of
# tools/commands) stands there as not run.
set -euo pipefail
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then sed -n '2,9s/^# //p' "$0"; exit 0; fi
cd "$(dirname "$0")/.."
say() { printf '\ncoverage.sh: %s\n' "$*" >&2; }

if [ "${1:-}" != --uncovered ]; then
  say "building"
  cmake --preset coverage >/dev/null
  cmake --build --preset coverage -j "$(nproc)"
  say "testing"
  find build/coverage -name '*.gcda' -delete
  status=0
  ctest --preset coverage -LE 'simulation|statistics' -j "$(nproc)" "$@" || status=$?
  [ "$status" -eq 0 ] || say "tests failed; the figures are of what ran"
  set --
fi
say "counting"
scripts/coverage_summary.py build/coverage . "$@"
exit "${status:-0}"
