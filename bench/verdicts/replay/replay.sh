#!/usr/bin/env bash
# Records real programs and samples each recording 200 times: are the estimates of live bytes true?
#   bench/verdicts/replay/replay.sh [BUILD-FOLDER] [ARGUMENTS OF heap_replay]
# Default folder: build/bench. Programs that are not installed are left out, and named. Exit status: heap_replay's.
set -euo pipefail
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then sed -n '2,4s/^# //p' "$0"; exit 0; fi

root=$(cd "$(dirname "$0")/../../.." && pwd)
build=${1:-$root/build/bench}
[ $# -eq 0 ] || shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

record() {
  local name=$1
  shift
  if ! command -v "$1" >/dev/null; then echo "replay.sh: $1 is not installed: $name left out" >&2; return; fi
  HEAP_RECORD=$work/$name LD_PRELOAD=$build/lib/libheap_recorder.so "$@" >/dev/null 2>&1 || true
}

export PYTHONMALLOC=malloc
record python-json python3 -c '
import json
data = [{"id": i, "name": "n%d" % i, "tags": list(range(i % 9))} for i in range(30000)]
for _ in range(2):
    kept = json.loads(json.dumps(data))'
record git-log git -C "$root" -c core.packedGitWindowSize=1m log --stat -n 150
record sqlite-fill sqlite3 :memory: "create table t(a integer primary key, b text, c text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000)
insert into t select i, hex(randomblob(i % 90)), 'x' || i from n; create index k on t(b); select count(*) from t;"
record perl-hash perl -e 'my %h; for my $i (1 .. 200000) { $h{$i % 40000} = "v" x ($i % 300); }'
"$build/bin/heap_replay" "$@" "$work"/*
