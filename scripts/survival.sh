#!/usr/bin/env bash
# Runs real programs without the tracker, at the default interval, and exactly; prints a table of what came out.
#   scripts/survival.sh [--short] [--keep] [PROGRAM...]     PROGRAM: a name from tests/survival/programs; default: all
# Needs a release build; scripts/setup.sh --survival installs the programs. --short takes a minute or two
# and what scripts/setup.sh --test installs. Same output, same status, no hang, every capture opens:
# anything else is our defect.
set -euo pipefail
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then sed -n '2,6s/^# //p' "$0"; exit 0; fi
exec python3 "$(dirname "$0")/../tests/survival/survival.py" "$@"
