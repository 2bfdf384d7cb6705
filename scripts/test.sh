#!/usr/bin/env bash
# Sets up, builds and runs every test; the first failure names the command that repeats it.
#   scripts/test.sh          units in dev, sanitized units, whole programs and gates in release, fuzz corpora
#   scripts/test.sh PRESET   one of: dev asan-ubsan tsan fuzz release
# Under 15 minutes on two cores from nothing; a second call builds nothing.
set -euo pipefail
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then sed -n '2,5s/^# //p' "$0"; exit 0; fi

cd "$(dirname "$0")/.."
jobs=$(nproc)
say() { printf '\ntest.sh: %s\n' "$*" >&2; }
failed() { say "FAILED; to repeat: $(printf "%q " "$@")"; exit 1; }

# Runs a command; keeps it quiet while it succeeds.
quietly() {
  local log
  log=$(mktemp)
  "$@" >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; failed "$@"; }
  rm -f "$log"
}

build() {
  say "$1: building"
  quietly cmake --preset "$1" "${@:2}"
  quietly cmake --build --preset "$1" -j "$jobs"
}

# Whole programs measure time and memory: one at a time. Units share the cores.
run() {
  say "$1: testing"
  ctest --preset "$1" "${@:2}" || failed ctest --preset "$1" "${@:2}"
}

# The corpus of target X_fuzz is tests/fuzz/corpus/X.
run_fuzz_corpora() {
  local corpus target
  for corpus in tests/fuzz/corpus/*; do
    target=build/fuzz/bin/$(basename "$corpus")_fuzz
    say "fuzz: replaying $corpus"
    quietly "$target" -runs=0 "$corpus"
  done
}

preset() {
  case $1 in
    dev) build dev && run dev -LE 'e2e' -j "$jobs" ;;
    asan-ubsan | tsan) build "$1" && run "$1" -j "$jobs" ;;
    fuzz) build fuzz && run_fuzz_corpora ;;
    release) build release -DLEAKTRACK_TESTS=ON && run release -L 'e2e|gate' ;;
    *) echo "test.sh: no such preset: $1 (dev asan-ubsan tsan fuzz release)" >&2; exit 2 ;;
  esac
}

scripts/setup.sh --test
if [ $# -gt 0 ]; then
  for name in "$@"; do preset "$name"; done
else
  for name in dev asan-ubsan tsan fuzz release; do preset "$name"; done
fi
