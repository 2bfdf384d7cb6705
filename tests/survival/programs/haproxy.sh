# SPDX-License-Identifier: Apache-2.0
# WHAT: haproxy, master and worker: compression, a proxied hop, three reloads under load.
# NEEDS: haproxy python3
# TIMEOUT: 120
# SHORT: as it is
# Compared: pages by their hash, that no request failed during a reload, and how the master ended.
[ "${1:-}" != version ] || { haproxy -v | grep -oP 'version \K[0-9.]+' | head -1; exit; }
set -euo pipefail
seq 3000 >page
cat >haproxy.cfg <<CONF
global
  nbthread 2
  stats socket $PWD/admin level admin expose-fd listeners
  hard-stop-after 10s
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  option http-server-close
frontend front
  bind 127.0.0.1:18444
  compression algo gzip
  compression type text/plain
  default_backend back
backend back
  server self 127.0.0.1:18445
frontend behind
  bind 127.0.0.1:18445
  http-request return status 200 content-type text/plain file $PWD/page if { path /page }
  http-request return status 200 content-type text/plain lf-string "%[path,sha1,hex]"
CONF
$TRACK haproxy -W -db -S "$PWD/master" -f haproxy.cfg -p "$PWD/pid" 2>log &
master=$!
python3 - <<'CLIENT'
import hashlib, os, signal, socket, threading, time, urllib.request
failures, done = [], threading.Event()
def ask(path, encoding="identity"):
    headers = {"Accept-Encoding": encoding}
    request = urllib.request.Request("http://127.0.0.1:18444" + path, headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        digest = hashlib.sha256(answer.read()).hexdigest()[:16]
        return answer.headers.get("Content-Encoding"), digest
def says(path, command, word):
    with socket.socket(socket.AF_UNIX) as admin:
        admin.settimeout(5)
        admin.connect(path)
        admin.sendall(command + b"\n")
        return next(line for line in admin.makefile() if word in line)
def worker(): return says("admin", b"show info", "Pid:")
# A master that is still loading would miss a signal or die of it. One that answers does not.
def tell_master(number):
    wait_for(lambda: says("master", b"show proc", "master"))
    with open("pid") as file: os.kill(int(file.read()), number)
def wait_for(what):
    for _ in range(400):
        try:
            if what(): return
        except (OSError, StopIteration): pass
        time.sleep(0.05)
    print("waited in vain")
def load(n):
    count = 0
    while not done.is_set():
        count += 1
        try: ask("/page" if count % 2 else f"/hash/{n}.{count}")
        except OSError as error: failures.append(str(error))
        time.sleep(0.002)
wait_for(lambda: ask("/page"))
print(ask("/page"), ask("/hash/1"), ask("/page", "gzip")[0])
threads = [threading.Thread(target=load, args=[n]) for n in range(3)]
for thread in threads: thread.start()
for _ in range(3):
    before = worker()
    tell_master(signal.SIGUSR2)
    wait_for(lambda: worker() != before)
done.set()
for thread in threads: thread.join()
print(len(failures), "failures", *failures[:3])
tell_master(signal.SIGTERM)
CLIENT
wait "$master" || echo "status $?"
