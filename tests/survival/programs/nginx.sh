# SPDX-License-Identifier: Apache-2.0
# WHAT: nginx, master and two workers, gzip and sub-requests; wrk for seconds, reload and reopen under load, quit.
# NEEDS: nginx wrk python3
# TIMEOUT: 120
# wrk prints rates, so only the absence of errors is compared. Pages are compared by their hash.
[ "${1:-}" != version ] || { nginx -v 2>&1 | cut -d/ -f2; exit; }
set -euo pipefail
nginx=$(command -v nginx) port=18437
mkdir -p html logs
seq 30000 >html/big.txt; echo small >html/small.txt
chmod -R a+rX .
cat >nginx.conf <<CONF
user root; daemon off; worker_processes 2; pid $PWD/pid; error_log $PWD/logs/error;
events { worker_connections 256; }
http { access_log $PWD/logs/access; gzip on; gzip_types text/plain; gzip_min_length 1; default_type text/plain;
  client_body_temp_path $PWD/body; proxy_temp_path $PWD/proxy; fastcgi_temp_path $PWD/f; uwsgi_temp_path $PWD/u; scgi_temp_path $PWD/c;
  server { listen 127.0.0.1:$port; root $PWD/html; location /via { proxy_pass http://127.0.0.1:$port/big.txt; } } }
CONF
ask() { python3 -c 'import sys,urllib.request as u,hashlib; r=u.urlopen(u.Request(sys.argv[1],headers={"Accept-Encoding":sys.argv[2]})); print(sys.argv[1].split("/")[-1], r.status, hashlib.sha256(r.read()).hexdigest())' "http://127.0.0.1:$port/$1" "$2"; }
load() { wrk -t2 -c32 -d"$1" "http://127.0.0.1:$port/$2" | grep -E 'Non-2xx|Socket errors' || true; }
$TRACK "$nginx" -p "$PWD" -c nginx.conf &
for _ in $(seq 100); do ask small.txt identity >/dev/null 2>&1 && break; sleep 0.1; done
ask small.txt identity; ask big.txt identity; ask big.txt gzip; ask via identity
load 3s small.txt
wrk -t1 -c8 -d4s "http://127.0.0.1:$port/via" >/dev/null &
for _ in 1 2 3; do sleep 0.7; kill -HUP "$(cat pid)"; sleep 0.3; kill -USR1 "$(cat pid)"; done
wait %2
ask via gzip
kill -QUIT "$(cat pid)"
wait %1
grep -cE 'alert|emerg|crit' logs/error || true
