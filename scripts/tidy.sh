#!/usr/bin/env bash
# clang-tidy over libtrack and tools, by the checks of .clang-tidy. Nothing is compiled.
#   scripts/tidy.sh            all sources; takes half an hour on two cores
#   scripts/tidy.sh --changed  the sources that differ from origin/main, or from the commit before
#                              where HEAD is origin/main; at most 40 of them
# Ends with 0 without a finding, with 1 after one.
set -euo pipefail
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then sed -n '2,6s/^# //p' "$0"; exit 0; fi
cd "$(dirname "$0")/.."
most_changed=40

# The commit that the newest work started from; nothing where there is no history.
base() {
  local upstream
  upstream=$(git merge-base HEAD origin/main 2>/dev/null) || upstream=
  if [ -n "$upstream" ] && [ "$upstream" != "$(git rev-parse HEAD)" ]; then echo "$upstream"
  else git rev-parse --verify --quiet 'HEAD^' || true; fi
}

sources() {
  local from
  if [ "${1:-}" != --changed ]; then
    find libtrack tools -name '*.cc' | sort
  else
    from=$(base)
    [ -z "$from" ] || git diff --name-only --diff-filter=d "$from" -- 'libtrack/*.cc' 'tools/*.cc'
  fi
}

mapfile -t files < <(sources "$@")
if [ "${1:-}" = --changed ] && [ ${#files[@]} -gt $most_changed ]; then
  echo "tidy.sh: ${#files[@]} sources changed; the first $most_changed are looked at" >&2
  files=("${files[@]:0:$most_changed}")
fi
[ ${#files[@]} -gt 0 ] || exit 0
cmake --preset tidy >/dev/null
printf '%s\n' "${files[@]}" | awk -v all=${#files[@]} '{ print "[" NR "/" all "]", $0 }' |
  xargs -P "$(nproc)" -n 2 bash -c 'echo "$0 $1"; clang-tidy -p build/tidy --quiet "$1" 2>/dev/null' ||
  exit 1
