#!/usr/bin/env bash
# Tracks a command and prints the report; does everything needed before that, once.
#   scripts/quickstart.sh COMMAND...   e.g. scripts/quickstart.sh redis-server --port 7777
#   scripts/quickstart.sh              tracks the bundled service, which leaks a little, for 20 s
# The capture stays in build/quickstart; a second call starts within a second.
set -euo pipefail
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then sed -n '2,5s/^# //p' "$0"; exit 0; fi

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build/release
say() { echo "quickstart: $*" >&2; }

. "$root/scripts/quietly.sh"
step() { quietly "$@" || { say "failed; to repeat: $*"; exit 2; }; }

"$root/scripts/setup.sh"
if [ ! -e "$build/build.ninja" ]; then
  say "configuring $build"
  # The tests need more packages than a first look should install; scripts/test.sh switches them on.
  (cd "$root" && step cmake --preset release -DLEAKTRACK_TESTS=OFF)
fi
[ -x "$build/bin/leaktrack" ] || say "building (some minutes the first time)"
(cd "$root" && step cmake --build --preset release --target leaktrack leaktrack_cli service)

output=$root/build/quickstart
mkdir -p "$output"
before=$(mktemp)
trap 'rm -f "$before"' EXIT
if [ $# -eq 0 ]; then
  set -- "$build/bin/service" --seconds 20
  say "tracking the bundled service for 20 s: $*"
else
  say "tracking: $*"
fi
status=0
"$build/bin/leaktrack" run -o "$output" -- "$@" || status=$?
[ $status -eq 0 ] || say "the command ended with status $status"
if [ $status -eq 126 ] || [ $status -eq 127 ]; then exit $status; fi  # could not be started; run has said why

mapfile -t captures < <(find "$output" -name '*.ltk' -newer "$before" | sort)
if [ ${#captures[@]} -eq 0 ]; then
  say "no capture was written (is the program static or setuid?)"
  exit 2
fi
# A process tree leaves one capture each: the largest is the one to read first.
capture=$(ls -S "${captures[@]}" | head -1)
[ ${#captures[@]} -eq 1 ] || say "${#captures[@]} captures in $output, this is the largest"
echo
"$build/bin/leaktrack" report "$capture" || [ $? -ne 2 ]
echo
say "more: $build/bin/leaktrack report $capture --format json"
