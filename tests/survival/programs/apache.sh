# SPDX-License-Identifier: Apache-2.0
# WHAT: Apache, prefork: workers come, serve 20 requests and go; three graceful restarts under load.
# NEEDS: /usr/sbin/apache2 python3
# TIMEOUT: 120
# SHORT: as it is
# Compared: pages by their hash, that no request failed during a restart, and how the server ended.
[ "${1:-}" != version ] || { /usr/sbin/apache2 -v | grep -oP 'Apache/\K[0-9.]+'; exit; }
set -euo pipefail
modules=/usr/lib/apache2/modules
mkdir html
seq 3000 >html/page.txt
chmod -R a+rX .
cat >apache.conf <<CONF
ServerRoot $PWD
ServerName localhost
PidFile $PWD/pid
Listen 127.0.0.1:18446
Mutex file:$PWD
LoadModule mpm_prefork_module $modules/mod_mpm_prefork.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule mime_module $modules/mod_mime.so
LoadModule filter_module $modules/mod_filter.so
LoadModule deflate_module $modules/mod_deflate.so
User nobody
Group nogroup
TypesConfig /dev/null
AddType text/plain .txt
ErrorLog $PWD/errors
DocumentRoot $PWD/html
AddOutputFilterByType DEFLATE text/plain
StartServers 2
MinSpareServers 1
MaxSpareServers 2
MaxRequestWorkers 3
MaxConnectionsPerChild 20
KeepAlive Off
CONF
# At its end Apache sends SIGTERM to its process group, which must not include this shell.
$TRACK setsid --wait /usr/sbin/apache2 -f "$PWD/apache.conf" -DFOREGROUND &
python3 - <<'CLIENT'
import hashlib, os, signal, threading, time, urllib.request
failures, done = [], threading.Event()
def ask(encoding="identity"):
    headers = {"Accept-Encoding": encoding}
    request = urllib.request.Request("http://127.0.0.1:18446/page.txt", headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        digest = hashlib.sha256(answer.read()).hexdigest()[:16]
        return answer.headers.get("Content-Encoding"), digest
def wait_for(what):
    for _ in range(400):
        try:
            if what(): return
        except OSError: pass
        time.sleep(0.05)
    print("waited in vain")
def load():
    while not done.is_set():
        try: ask()
        except OSError as error: failures.append(str(error))
        time.sleep(0.005)
def restarts():
    with open("errors") as file: return file.read().count("resuming normal operations")
wait_for(ask)
print(ask(), ask("gzip")[0])
threads = [threading.Thread(target=load) for _ in range(2)]
for thread in threads: thread.start()
with open("pid") as file: master = int(file.read())
for n in range(3):
    os.kill(master, signal.SIGUSR1)
    wait_for(lambda: restarts() == n + 2)
done.set()
for thread in threads: thread.join()
print(len(failures), "failures", *failures[:3])
os.kill(master, signal.SIGWINCH)
CLIENT
wait $! || echo "status $?"
grep -cE 'exit signal|emerg|alert|crit' errors || true
