#!/usr/bin/env bash
# Sets up, builds and runs every test; stops at the first preset that fails and names the command that repeats it.
#   scripts/test.sh            all that follow but dev and tidy; clang-tidy over what changed
#   scripts/test.sh PRESET...  asan-ubsan  units, in a checked debug build with sanitizers
#                              tsan        the same under the thread sanitizer; of the analyzer what uses threads
#                              fuzz        corpora replayed, then a short run of each libFuzzer target
#                              release     units, gates and whole programs under the library, as it is shipped
#                              dev         the same in a debug build
#                              tidy        clang-tidy over libtrack and tools; half an hour
# From nothing, 82 minutes of processor time: 41 minutes at least on two idle cores, nearly all of it
# building. A second call builds nothing. Ends with "N passed, N failed".
set -euo pipefail
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then sed -n '2,11s/^# //p' "$0"; exit 0; fi

cd "$(dirname "$0")/.."
jobs=$(nproc)
passed=0 failures=0
say() { printf '\ntest.sh: %s\n' "$*" >&2; }
summary() { printf '\n%s passed, %s failed\n' "$passed" "$failures"; }
failed() {
  [ "$failures" -gt 0 ] || failures=1
  say "FAILED; to repeat: $(printf '%q ' "$@")"
  summary
  exit 1
}

. scripts/quietly.sh
step() { quietly "$@" || failed "$@"; }

build() {
  say "$1: building"
  step cmake --preset "$1" "${@:2}"
  step "${same_addresses[@]}" cmake --build --preset "$1" -j "$jobs"
}

# The thread sanitizer of GCC 12 does not start where the kernel randomises more address bits than it expects.
same_addresses=()
fix_addresses() {
  if setarch "$(uname -m)" -R true 2>/dev/null; then same_addresses=(setarch "$(uname -m)" -R); fi
}

# What a finished ctest says in its record, summed over the presets: count REGEX-ATTRIBUTE FILE.
count() { grep -m1 -oP "^\s+$1=\"\K[0-9]+" "$2" || echo 0; }

run() {
  local preset=$1 status=0 record=$PWD/build/$1/ctest.xml all bad names
  shift
  say "$preset: testing $*"
  rm -f "$record"
  "${same_addresses[@]}" ctest --preset "$preset" --output-junit "$record" "$@" || status=$?
  [ -e "$record" ] || failed ctest --preset "$preset" "$@"
  all=$(count tests "$record") bad=$(count failures "$record")
  passed=$((passed + all - bad - $(count skipped "$record") - $(count disabled "$record")))
  failures=$((failures + bad))
  [ "$status" -ne 0 ] || return 0
  names=$(grep -oP '<testcase name="\K[^"]+(?=".* status="fail")' "$record" | sed 's/[].[*+?()|^$]/\\&/g' | paste -sd '|')
  failed "${same_addresses[@]}" ctest --preset "$preset" -R "^(${names:-.*})\$"
}

# The corpus of target X_fuzz is tests/fuzz/corpus/X. What a run finds goes to build/fuzz, never into the corpus.
run_fuzz_targets() {
  local corpus name target
  for corpus in tests/fuzz/corpus/*; do
    name=$(basename "$corpus")
    target=build/fuzz/bin/${name}_fuzz
    mkdir -p "build/fuzz/found/$name"
    say "fuzz: $name"
    step "$target" -runs=0 "$corpus"
    step "$target" -seed=1 -runs=20000 -max_total_time=6 -timeout=30 -artifact_prefix="build/fuzz/found/$name." \
      "build/fuzz/found/$name" "$corpus"
    passed=$((passed + 2))
  done
}

tidy() {
  say "clang-tidy ${1:-}"
  step scripts/tidy.sh "$@"
  passed=$((passed + 1))
}

# Whole programs mostly wait for their own load; two at a time on two cores.
run_all() {
  run "$1" -LE e2e -j "$jobs"
  run "$1" -L e2e -j "$jobs"
}

preset() {
  case $1 in
    dev) build dev && run_all dev ;;
    release) build release -DLEAKTRACK_TESTS=ON && run_all release ;;
    # Hours of seeded arithmetic are run once, in release: nothing of it is news to a sanitizer.
    asan-ubsan) build asan-ubsan && run asan-ubsan -LE 'simulation|statistics' -j "$jobs" ;;
    tsan) fix_addresses && build tsan && run tsan -LE 'simulation|statistics|one_thread|own_addresses' -j "$jobs" && same_addresses=() ;;
    fuzz) build fuzz && run_fuzz_targets ;;
    tidy) tidy ;;
    tidy-changed) tidy --changed ;;
    *) echo "test.sh: no such preset: $1 (see --help)" >&2; exit 2 ;;
  esac
}

scripts/setup.sh --test
[ $# -gt 0 ] || set -- tidy-changed asan-ubsan tsan fuzz release
for name in "$@"; do preset "$name"; done
summary
