#!/usr/bin/env bash
# Soaks real programs: each for 13 minutes under the tracker, steady and bursty, then says whom the report accuses. None of
# them leaks, so nobody may be.
#   scripts/soak.sh [SECONDS] [PROGRAM...]     780 s of redis memcached nginx sqlite python ruby postgres
#   scripts/soak.sh --judge DIR                judges the captures of an earlier soak with the analyzer of today
# Options: -o DIR (captures, default build/soaks), --jobs N (programs at a time, 2), --loads steady,bursty, --leaktrack PROGRAM.
# Three hours with --jobs 2, at a few hundred requests a second; needs scripts/setup.sh --test.
set -euo pipefail
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then sed -n '2,7s/^# //p' "$0"; exit 0; fi

root=$(cd "$(dirname "$0")/.." && pwd)
exec nice -n 19 /usr/bin/python3 "$root/bench/soaks/soak.py" --leaktrack "$root/build/release/bin/leaktrack" -o "$root/build/soaks" "$@"
