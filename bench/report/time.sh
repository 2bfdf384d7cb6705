#!/usr/bin/env bash
# What a report on a large capture costs: bench/report/time.sh [LEAKTRACK...]
# Makes captures with build/bench/bin/full_capture (a quarter of an hour), has each LEAKTRACK (build/bench's) report on them in turn, three
# times, and prints the quickest: wall and CPU seconds, and the most MiB resident. With two programs: before and after, in one run.
# CAPTURES names captures of sites and days to make instead, as "10000:2 10000:7".
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- build/bench/bin/leaktrack
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

report() {
  /usr/bin/time -f '%e %U %S %M' -o "$made/cost" "$1" report "$2" >"$made/report" 2>"$made/problem" || true  # not 0 where something grows
  grep -q '^Program' "$made/report" || { cat "$made/problem" >&2; exit 1; }
  tail -1 "$made/cost" | awk '{printf "%.2f s, %.2f CPU s, %d MiB\n", $1, $2 + $3, $4 / 1024}'
}

for capture in ${CAPTURES:-1500:2 10000:2 30000:2 60000:2 10000:7}; do
  build/bench/bin/full_capture "$made/capture.ltk" "${capture%:*}" "${capture#*:}"
  for round in 1 2 3; do
    for program in "$@"; do report "$program" "$made/capture.ltk" >>"$made/${program//\//+}"; done
  done
  for program in "$@"; do
    printf '%30s  %s\n' "$(sort -n "$made/${program//\//+}" | head -1)" "$program"
    rm "$made/${program//\//+}"
  done
done
