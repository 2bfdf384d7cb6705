# SPDX-License-Identifier: Apache-2.0
# WHAT: PostgreSQL: initdb, pgbench with fixed seeds, kill -9 of a backend, kill -9 of the postmaster, recovery each time.
# NEEDS: /usr/lib/postgresql/15/bin/postgres runuser
# TIMEOUT: 400
# pgbench prints rates: only its status counts. Tables are compared by counts and sums; balances do not depend on the order.
bin=/usr/lib/postgresql/15/bin
[ "${1:-}" != version ] || { $bin/postgres --version | cut -d' ' -f3; exit; }
set -euo pipefail
chown postgres .
export HOME=$PWD PGHOST=$PWD PGDATABASE=postgres
as() { runuser -u postgres -- "$@"; }
sql() { as $bin/psql -XAtqc "$1"; }
start() {
  as $TRACK $bin/postgres -D data -c listen_addresses= -c unix_socket_directories="$PWD" -c logging_collector=off \
    -c max_connections=20 -c shared_buffers=16MB -c max_parallel_workers=2 2>>log &
  for _ in $(seq 300); do sql 'select 1' >/dev/null 2>&1 && return 0; sleep 0.2; done
  echo "does not start"; return 1
}
sums() { sql 'select count(*), sum(abalance) from pgbench_accounts; select count(*), sum(delta) from pgbench_history; select sum(tbalance) from pgbench_tellers'; }
as $TRACK $bin/initdb -D data -A trust -N >/dev/null
start
as $TRACK $bin/pgbench -i -s 1 -q 2>/dev/null
as $TRACK $bin/pgbench -n -c 6 -j 2 -t 150 --random-seed=7 >/dev/null 2>&1
sums
sql 'set max_parallel_workers_per_gather=2; set parallel_setup_cost=0; set min_parallel_table_scan_size=0; select count(*), sum(a.aid) from pgbench_accounts a join pgbench_accounts b using (aid)'
for task in 'vacuum full' 'reindex table pgbench_accounts' analyze; do sql "$task"; done
as $bin/psql -XAtqc "select pg_sleep(60)" >/dev/null 2>&1 &
victim=
for _ in $(seq 50); do victim=$(sql "select pid from pg_stat_activity where query like '%pg_sleep(60)' and pid <> pg_backend_pid()"); [ -z "$victim" ] || break; sleep 0.1; done
kill -9 "$victim"; wait %2 || echo "the killed backend's client ends with $?"
for _ in $(seq 100); do sql 'select 1' >/dev/null 2>&1 && break; sleep 0.2; done
sums
as $bin/pgbench -n -c 4 -T 5 >/dev/null 2>&1 &
sleep 1
kill -9 "$(head -1 data/postmaster.pid)"; wait || true
for _ in $(seq 100); do pgrep -f "postgres: .*$PWD|^$bin/postgres -D data" >/dev/null || break; sleep 0.1; done
start
sql 'select count(*), (select sum(abalance) from pgbench_accounts) = (select coalesce(sum(delta),0) from pgbench_history) from pgbench_accounts'
kill -INT "$(head -1 data/postmaster.pid)"
wait
as $bin/pg_controldata -D data | grep state
