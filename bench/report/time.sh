#!/usr/bin/env bash
# What a report on a large capture costs: bench/report/time.sh [LEAKTRACK...]
# Makes captures of 1,500, 10,000 and 30,000 sites with build/bench/bin/full_capture (minutes), has each LEAKTRACK (build/bench's) report
# on them in turn, three times, and prints the quickest: wall and CPU seconds. With two programs: before and after, in one run.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- build/bench/bin/leaktrack
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
TIMEFORMAT='%R %U %S'

seconds() {
  { time "$1" report "$2" >"$made/report" 2>"$made/problem" || true; } 2>"$made/times"  # not 0 where something grows
  grep -q '^Program' "$made/report" || { cat "$made/problem" >&2; exit 1; }
  awk '{printf "%.2f s %.2f CPU s\n", $1, $2 + $3}' "$made/times"
}

for sites in 1500 10000 30000; do
  build/bench/bin/full_capture "$made/$sites.ltk" $sites
  for program in "$@"; do
    least=$(for round in 1 2 3; do seconds "$program" "$made/$sites.ltk"; done | sort -n | head -1)
    printf '%20s  %s\n' "$least" "$program"
  done
done
