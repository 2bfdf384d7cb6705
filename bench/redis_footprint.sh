#!/usr/bin/env bash
# What the library costs a busy redis-server: added resident memory, and the size of the capture.
#   bench/redis_footprint.sh [SECONDS] [BUILD_DIR]      default: 60 s, build/release; the figures in README: 3600 s
# Runs redis-benchmark against a tracked server for SECONDS, then against an untracked one for a tenth of it, and prints
# one line per figure. Both servers hold the same keys when they are measured.
set -euo pipefail
seconds=${1:-60}
root=$(cd "$(dirname "$0")/.." && pwd)
build=${2:-$root/build/release}
work=$(mktemp -d)
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
socket=$work/redis.sock

start() {  # start [VARIABLE=VALUE...]
  env "$@" redis-server --port 0 --unixsocket "$socket" --save "" --dir "$work" --daemonize no >"$work/log" 2>&1 &
  server=$!
  until redis-cli -s "$socket" ping >/dev/null 2>&1; do sleep 0.1; done
}
load() { timeout "$1" redis-benchmark -s "$socket" -l -q -P 16 -r 100000 -n 1000000 -t set,get,incr,lpush,lpop,hset >/dev/null 2>&1 || true; }
settle() {  # the same data in both servers, whatever the load left
  redis-cli -s "$socket" flushall >/dev/null
  redis-benchmark -s "$socket" -q -r 100000 -n 200000 -t set >/dev/null
  redis-cli -s "$socket" memory purge >/dev/null
}
# Pages of the server itself: anonymous ones and, if tracked, the recorder's.
resident_kib() { awk '/^(RssAnon|RssShmem):/ {sum += $2} END {print sum}' "/proc/$server/status"; }

start LD_PRELOAD="$build/lib/libleaktrack.so" LEAKTRACK_OUT="$work"
load "$seconds"
capture=$(ls "$work"/*.ltk)
capture_bytes=$(stat -c %s "$capture")
settle
tracked_kib=$(resident_kib)
kill $server && wait $server || true

start NOTHING=1
load $((seconds / 10 + 1))
settle
plain_kib=$(resident_kib)

echo "load                    $seconds s of redis-benchmark -P 16 set,get,incr,lpush,lpop,hset"
echo "resident memory added   $(awk "BEGIN {printf \"%.1f\", ($tracked_kib - $plain_kib) / 1024}") MiB  (tracked $tracked_kib KiB, untracked $plain_kib KiB; goal: under 8 MiB)"
echo "capture                 $(awk "BEGIN {printf \"%.2f\", $capture_bytes / 1048576}") MiB  (goal: under 5 MiB an hour)"
