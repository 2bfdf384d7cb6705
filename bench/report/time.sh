#!/usr/bin/env bash
# What a report on a large capture costs: bench/report/time.sh [LEAKTRACK...]
# Makes captures with build/bench/bin/full_capture (a quarter of an hour). Each LEAKTRACK
# (build/bench's) reports on them in turn, three times, as text and as JSON. Prints the fastest:
# wall and CPU seconds, and the peak MiB resident. With two programs: before and after, in one run,
# and whether they wrote the same bytes.
# CAPTURES names captures of sites and days to make instead, as "10000:2 10000:7".
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- build/bench/bin/leaktrack
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

capture=$made/capture.ltk

# Writes LEAKTRACK's FORMAT to REPORT, and prints what that cost.
report() {
  /usr/bin/time -f '%e %U %S %M' -o "$made/cost" "$1" report "$capture" --format "$2" >"$3" 2>"$made/problem" || true  # not 0 where something grows
  [ -s "$3" ] || { cat "$made/problem" >&2; exit 1; }
  tail -1 "$made/cost" | awk '{printf "%.2f s, %.2f CPU s, %d MiB\n", $1, $2 + $3, $4 / 1024}'
}

for made_of in ${CAPTURES:-1500:2 10000:2 30000:2 60000:2 10000:7}; do
  build/bench/bin/full_capture "$capture" "${made_of%:*}" "${made_of#*:}"
  for format in text json; do
    for round in 1 2 3; do
      for number in $(seq $#); do report "${!number}" $format "$made/report$number" >>"$made/costs$number"; done
    done
    for number in $(seq $#); do
      cmp -s "$made/report1" "$made/report$number" && same='' || same=', other bytes than the first'
      printf '%5s %30s  %s%s\n' $format "$(sort -n "$made/costs$number" | head -1)" "${!number}" "$same"
      rm "$made/costs$number"
    done
  done
done
