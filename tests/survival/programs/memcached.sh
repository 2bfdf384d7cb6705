# SPDX-License-Identifier: Apache-2.0
# WHAT: memcached with 16 MB, four threads, evictions and deletes by a bounded client; ended by SIGTERM.
# NEEDS: memcached python3
# TIMEOUT: 120
# Compared: what the client got, and the counters that do not depend on time or connection order.
[ "${1:-}" != version ] || { memcached --version | cut -d' ' -f2; exit; }
set -euo pipefail
socket=$PWD/s
$TRACK memcached -u "$(id -un)" -s "$socket" -m 16 -t 4 -P "$PWD/pid" &
for _ in $(seq 100); do [ ! -S "$socket" ] || break; sleep 0.1; done
python3 - "$socket" <<'CLIENT'
import hashlib, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); f = s.makefile("rwb")
def ask(line, data=None):
    f.write(line.encode() + b"\r\n" + (data + b"\r\n" if data is not None else b"")); f.flush(); return f.readline().strip()
def get(key):
    line = ask("get " + key)
    if line == b"END": return None
    value = f.readline(); f.readline(); return value
seen = hashlib.sha256()
for i in range(12000):
    seen.update(ask(f"set k{i} 0 0 {i % 5000}", b"x" * (i % 5000)))
    if i % 3 == 0: seen.update(get(f"k{i}") or b"none")
    if i % 7 == 0: seen.update(ask(f"delete k{i}"))
print(seen.hexdigest())
f.write(b"stats\r\n"); f.flush()
for line in iter(f.readline, b"END\r\n"):
    _, name, value = line.decode().split()
    if name in ("cmd_get", "cmd_set", "get_hits", "delete_hits", "total_items"): print(name, value)
CLIENT
kill "$(cat pid)"
wait $!
