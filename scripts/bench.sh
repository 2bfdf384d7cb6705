#!/usr/bin/env bash
# What leaktrack costs whole programs and bare allocation, beside other tools: prints a table, and writes it as JSON and into bench/README.md.
#   scripts/bench.sh [--rounds N] [--only instructions|time|allocation|threads|memory ...] [--before LIBLEAKTRACK] [--readme FILE] [--json FILE]
# Half an hour with 9 rounds on two idle cores. Installs what is compared (scripts/setup.sh --bench).
set -euo pipefail
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then sed -n '2,4s/^# //p' "$0"; exit 0; fi
cd "$(dirname "$0")/.."
scripts/setup.sh --bench
cmake --preset bench >/dev/null
cmake --build --preset bench --target leaktrack
exec /usr/bin/python3 bench/programs/bench.py --library build/bench/lib/libleaktrack.so --json build/bench/bench.json --readme bench/README.md "$@"
