#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Usage: scripts/fuzz.sh [SECONDS] [TARGET...]
# The long form of the preset fuzz of scripts/test.sh: each TARGET (a directory of tests/fuzz/corpus; all when none is named) for SECONDS
# (3600), one worker at the lowest priority. What a run finds goes to build/fuzz/found/TARGET; an input that broke the target lies beside it as
# TARGET.crash-..., TARGET.timeout-... or TARGET.oom-..., and the script ends with 1 when the other targets have had their time.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { echo "usage: scripts/fuzz.sh [SECONDS] [TARGET...]: $1" >&2; exit 2; }

seconds=3600
if [[ ${1:-} =~ ^[0-9]+$ ]]; then seconds=$1; shift; fi
# libFuzzer takes 0 for "no limit".
[ "$seconds" -gt 0 ] || usage "SECONDS must be at least 1"
[ $# -gt 0 ] || set -- $(ls tests/fuzz/corpus)
for name in "$@"; do [ -n "$name" ] && [ -d "tests/fuzz/corpus/$name" ] || usage "no target '$name'; there are: $(ls tests/fuzz/corpus | xargs)"; done

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz -j "$(nproc)" --target "${@/%/_fuzz}" >/dev/null

status=0
for name in "$@"; do
  found=build/fuzz/found/$name corpus=tests/fuzz/corpus/$name
  mkdir -p "$found"
  nice -n 19 "build/fuzz/bin/${name}_fuzz" -max_total_time="$seconds" -timeout=30 -print_final_stats=1 \
    -artifact_prefix="$found." "$found" "$corpus" >"$found.log" 2>&1 && verdict="no finding" || { verdict="FINDING, see $found.log"; status=1; }
  inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$found.log")
  echo "$name: ${inputs:-unknown} inputs in at most $seconds s: $verdict"
done
exit $status
