# SPDX-License-Identifier: Apache-2.0
# WHAT: bubblewrap: all namespaces anew, no capabilities, a read-only root; a tracked program in it.
# NEEDS: bwrap python3
# TIMEOUT: 60
# SHORT: as it is
# Compared as it is. The captures' folder is bound into the sandbox, so programs inside leave
# captures.
[ "${1:-}" != version ] || { bwrap --version | cut -d' ' -f2; exit; }
set -euo pipefail
box() {
  local writable
  writable=$(dirname "$PWD")
  $TRACK bwrap --unshare-all --die-with-parent --new-session --ro-bind / / --proc /proc --dev /dev \
    --tmpfs /run --bind "$writable" "$writable" "$@"
}
box sh -c 'id -u; touch /usr/x 2>&1 | grep -o "Read-only file system"; ls /run | wc -l'
box --uid 1000 --gid 1000 --cap-drop ALL /usr/bin/python3 -c '
import os, socket
with open("/proc/self/status") as file: status = file.read()
print(os.getuid(), os.getgid(), os.getpid() < 20, status.count("CapEff:\t0000000000000000"))
print([name for _, name in socket.if_nameindex()])
kept = [bytes(i % 3000) for i in range(20000)]
child = os.fork()
if child == 0: os._exit(len(kept) % 200)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))'
box sh -c 'kill -9 $$' || echo "status $?"
box /nowhere 2>/dev/null || echo "status $?"
