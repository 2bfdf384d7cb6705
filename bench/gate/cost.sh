#!/usr/bin/env bash
# Prints what the gate adds to a test of SECONDS: cost.sh LEAKTRACK SERVICE [SECONDS], default 60.
# The test is the bundled service, which ends after its seconds whatever it has done in them. So the
# added time is judging and starting, not a slower program (other scripts of bench/ measure that).
set -euo pipefail
seconds=${3:-60}
begun=$(date +%s.%N)
"$1" gate --runs 1 -- "$2" --seconds "$seconds" >/dev/null || [ $? -eq 1 ]
echo "a gate on a test of $seconds s adds $(date +%s.%N | awk -v begun="$begun" -v seconds="$seconds" '{ printf "%.2f", $1 - begun - seconds }') s"
