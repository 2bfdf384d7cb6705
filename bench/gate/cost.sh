#!/usr/bin/env bash
# Prints what the gate adds to a test of so many seconds: cost.sh LEAKTRACK SERVICE [SECONDS], 60 unless said.
# The test is the bundled service, which ends after its seconds whatever it could do in them: what it adds is judging and
# starting, not a slower program (scripts of bench/ measure that).
set -euo pipefail
seconds=${3:-60}
begun=$(date +%s.%N)
"$1" gate --runs 1 -- "$2" --seconds "$seconds" >/dev/null || [ $? -eq 1 ]
echo "a gate on a test of $seconds s adds $(date +%s.%N | awk -v begun="$begun" -v seconds="$seconds" '{ printf "%.2f", $1 - begun - seconds }') s"
