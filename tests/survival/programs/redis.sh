# SPDX-License-Identifier: Apache-2.0
# WHAT: redis-server under redis-benchmark, a fixed set of keys, BGSAVE and AOF rewrite (forks), kill -9, reload.
# NEEDS: redis-server redis-cli redis-benchmark
# TIMEOUT: 240
# SHORT: fewer requests
# redis-benchmark prints rates: only its status counts. The keys are compared by redis's own digest.
[ "${1:-}" != version ] || { redis-server --version | grep -oP 'v=\K\S+'; exit; }
set -euo pipefail
requests=${SHORT:+3000} socket=$PWD/s
cli() { redis-cli -s "$socket" "$@"; }
start() {
  $TRACK redis-server --port 0 --unixsocket "$socket" --dir "$PWD" --appendonly yes --save '' --enable-debug-command yes \
    --pidfile "$PWD/pid" --daemonize no >>log &
  for _ in $(seq 200); do [ "$(cli ping 2>/dev/null)" != PONG ] || return 0; sleep 0.1; done
  echo "does not start"; return 1
}
quiesce() { while cli info persistence | grep -qE '(rdb_bgsave|aof_rewrite)_in_progress:1'; do sleep 0.1; done; }
start
redis-benchmark -s "$socket" -n "${requests:-60000}" -c 20 -P 4 -q -t set,get,incr,lpush,rpop,sadd,hset,zadd,mset >/dev/null
cli flushall
seq 20000 | awk '{print "set k"$1" v"$1"\nrpush l"$1%50" "$1"\nhset h"$1%20" f"$1" "$1"\nzadd z"$1%10" "$1" m"$1}' | cli --pipe | tail -1
before=$(cli debug digest)
cli bgsave >/dev/null; quiesce
cli bgrewriteaof >/dev/null; quiesce
cli eval 'local s = 0 for i = 1, 2000 do s = s + redis.call("incrby", "n", i) end return s' 0
cli del n
cli config set maxmemory 3mb; cli config set maxmemory 0
kill -9 "$(cat pid)"; wait || true
start
after=$(cli debug digest)
[ "$before" = "$after" ] && echo "the digest is the same: $after"
cli dbsize
cli shutdown nosave || true
wait
