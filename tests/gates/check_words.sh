#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The repository speaks of leaktrack only: not of who or what wrote it, how the work was organised,
# or the private paths, host names and package registries of its builders. Checks files and, if
# there is git, the log.
#   check_words.sh [ROOT]
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
# Written so that this file does not match itself.
places='/wor[k]/|/hom[e]/[a-z]+/|/roo[t]/\.|/tmp/(clon[e]|w[t]-|bw/)|[a-z0-9.-]+\.interna[l]\b|[a-z0-9.-]+\.corp\b|localhost:[0-9]{4}/(repo|simple)'
registries='artifactor[y]|nexu[s]\.|registry\.[a-z]|prox[y]\.golang|(py[p]i|pythonhoste[d])\.|np[m]js\.|crate[s]\.io|rubygem[s]\.|(deb|security|snapshot)\.debia[n]\.|debian\.or[g]/debian|(github|gitlab)\.[a-z0-9-]+\.[a-z]+/'
writers='claud[e]|anthropi[c]|open[a]i\b|chatgp[t]|\bgpt-[0-9]|copilo[t]|\bllm[s]?\b|language mode[l]|\bai[- ](assistan[t]|generate[d]|writte[n])|coding (agen[t]|assistan[t])|(sub)?agen[t]s?\.md|co-authored-b[y]|(generate[d]|writte[n]) (by|with) (an? )?(ai|bot|model)\b'
work='\b(this|previous|next|my|coding|parallel) sessio[n]\b|\bissues (sho[w]|list)\b|shared/(desig[n]|hous[e]|pitfall[s])|\bcolleagu[e]|\bcoordinato[r]\b'
words="$places|$registries|$writers|$work"

# Without git (a release archive) there is no list of files. Then all files except builds are
# checked.
found=0
if git rev-parse --git-dir >/dev/null 2>&1; then
  ! git grep -nIiE "$words" -- . || found=1
  ! git log --format='%h %s%n%b' | grep -niE "$words" || found=1
else
  ! grep -rnIiE "$words" --exclude-dir=build --exclude-dir=.git . || found=1
fi
if [ $found -ne 0 ]; then
  echo "the lines above name what no reader has or needs" >&2
  exit 1
fi
echo "no private places are named"
