#!/usr/bin/env bash
# What a stalled disk under the captures costs the service: latencies of redis, with and without the tracker.
#   bench/throttled_disk.sh [ROUNDS] [BUILD_DIR]      default: 6 rounds, build/release; as root (loop device, fsfreeze)
# The captures are on a separate ext4, which is frozen for three of every four seconds. A write to it then waits until it is
# thawed. Each round loads a plain, a tracked, and a tracked-on-the-frozen-disk server, in turn; the table has the medians
# over the rounds. The script proves that the disk stands still: a write of its own must take over 1 s.
set -euo pipefail
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then sed -n '2,6s/^# //p' "$0"; exit 0; fi
rounds=${1:-6}
root=$(cd "$(dirname "$0")/.." && pwd)
build=${2:-$root/build/release}
work=$(mktemp -d)
socket=$work/s disk=$work/disk server='' stutter='' loop=''
mkdir "$disk" "$work/other"

thaw() { fsfreeze -u "$disk" 2>/dev/null || true; }
clean() {
  [ -z "$stutter" ] || kill "$stutter" 2>/dev/null || true
  [ -z "$stutter" ] || wait "$stutter" 2>/dev/null || true
  thaw
  [ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
  wait
  umount "$disk" 2>/dev/null || true
  [ -z "$loop" ] || losetup -d "$loop" || true
  rm -rf "$work"
}
trap clean EXIT
truncate -s 64M "$work/image"
mkfs.ext4 -q "$work/image"
if ! loop=$(losetup -f --show "$work/image") || ! mount "$loop" "$disk"; then
  echo "skipped: no loop device can be mounted here"; exit 77
fi

# Bounded, and thawed at its end whatever happens: a frozen disk makes processes that nothing can
# kill.
stutter() { for _ in $(seq 60); do fsfreeze -f "$disk"; sleep 3; thaw; sleep 1; done; }
round() {  # round NAME [VARIABLE=VALUE...]
  env "${@:2}" redis-server --port 0 --unixsocket "$socket" --save "" --dir "$work" >"$work/log" 2>&1 &
  server=$!
  until redis-cli -s "$socket" ping >/dev/null 2>&1; do sleep 0.05; done
  redis-benchmark -s "$socket" -c 4 -r 50000 -n 60000 -d 400 -t set,lpush,lpop --csv 2>/dev/null |
    awk -F'","|"' -v name="$1" 'NR > 1 {print name, $2, $6, $7, $8, $9, $3}' >>"$work/results"
  kill -9 "$server"; wait "$server" 2>/dev/null || true
  server=''
}
tracked=(LD_PRELOAD="$build/lib/libleaktrack.so" LEAKTRACK_INTERVAL=16KiB)
plain() { round plain NOTHING=1; }
tracked() { round tracked "${tracked[@]}" LEAKTRACK_OUT="$work/other"; }
stalled() {
  stutter & stutter=$!
  sleep 0.2
  round stalled "${tracked[@]}" LEAKTRACK_OUT="$disk"
  kill "$stutter"; wait "$stutter" 2>/dev/null || true
  stutter=''; thaw
}
orders=("plain tracked stalled" "tracked stalled plain" "stalled plain tracked")  # or a growing load would look like a cost
for number in $(seq "$rounds"); do
  for each in ${orders[number % 3]}; do "$each"; done
done
fsfreeze -f "$disk"; (sleep 1.5; thaw) &
before=$(date +%s%N); echo proof >"$disk/proof"; after=$(date +%s%N)
wait
[ $((after - before)) -gt 1000000000 ] || { echo "the disk was never slow: nothing is proved"; exit 1; }

echo "latency in ms, medians of $rounds rounds; captures on the stalled disk: $(ls "$disk"/*.ltk | wc -l)"
python3 - "$work/results" <<'PY'
import collections, statistics, sys
rows = collections.defaultdict(lambda: collections.defaultdict(list))
for line in open(sys.argv[1]):
    name, test, *figures = line.split()
    for title, figure in zip(("p50", "p95", "p99", "max", "requests/s"), figures):
        rows[test, title][name].append(float(figure))
print(f"{'':24}{'plain':>12}{'tracked':>12}{'stalled':>12}")
for (test, title), by in rows.items():
    print(f"{test + ' ' + title:24}" + "".join(f"{statistics.median(by[n]):12.3f}" for n in ("plain", "tracked", "stalled")))
PY
