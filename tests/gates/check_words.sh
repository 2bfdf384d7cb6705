#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The repository speaks of leaktrack only: no private paths, host names or package mirrors of whoever built it.
#   check_words.sh [ROOT]
set -euo pipefail
root=${1:-$(dirname "$0")/../..}
cd "$root"
# Written so that this file does not match itself.
words='/wor[k]/|/hom[e]/[a-z]+/|/roo[t]/\.|[a-z0-9.-]+\.interna[l]\b|[a-z0-9.-]+\.corp\b|artifactor[y]|pypi\.|nexu[s]\.|prox[y]\.golang|registry\.|localhost:[0-9]{4}/(repo|simple)|(github|gitlab)\.[a-z0-9-]+\.[a-z]+/'
# Without git (a release archive) there is no list of files; then all are looked at, builds apart.
if git rev-parse --git-dir >/dev/null 2>&1; then files=(git grep -nIE "$words" -- . ':!tests/gates/check_words.sh')
else files=(grep -rnIE "$words" --exclude-dir=build --exclude-dir=.git --exclude=check_words.sh .)
fi
if "${files[@]}"; then
  echo "the lines above name places that no reader has" >&2
  exit 1
fi
echo "no private places are named"
