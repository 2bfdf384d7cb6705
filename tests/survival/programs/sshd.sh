# SPDX-License-Identifier: Apache-2.0
# WHAT: sshd and ssh: separated privileges (set-id, seccomp), a terminal, scp, sftp, a tunnel.
# NEEDS: /usr/sbin/sshd ssh scp sftp ssh-keygen python3
# TIMEOUT: 120
# SHORT: as it is
# Compared: what the sessions print and copy.
[ "${1:-}" != version ] || { ssh -V 2>&1 | grep -oP 'OpenSSH_\K[^ ,]+'; exit; }
set -euo pipefail
port=18442 user=$(id -un)
[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -q -t ed25519 -N '' -f key
cp key.pub keys; chmod a+rX . keys
cat >config <<CONF
Port $port
ListenAddress 127.0.0.1
HostKey $PWD/host
PidFile $PWD/pid
AuthorizedKeysFile $PWD/keys
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
Subsystem sftp /usr/lib/openssh/sftp-server
Match User nobody
  ForceCommand internal-sftp
CONF
options=(-F /dev/null -o StrictHostKeyChecking=no -o "UserKnownHostsFile=$PWD/known"
         -o BatchMode=yes -o LogLevel=ERROR -o IdentitiesOnly=yes)
with_key=("${options[@]}" -i "$PWD/key")
remote() { $TRACK ssh "${with_key[@]}" -p $port -l "$user" "$@"; }
$TRACK /usr/sbin/sshd -D -e -f config 2>log &
server=$!
for _ in $(seq 200); do ! (: </dev/tcp/127.0.0.1/$port) 2>/dev/null || break; sleep 0.1; done
remote 127.0.0.1 'echo hello; seq 100000 | sha256sum; exit 3' || echo "status $?"
seq 50000 | remote 127.0.0.1 'sort -rn | head -2'
remote -tt 127.0.0.1 'test -t 0 && echo terminal' | tr -d '\r'
seq 200000 >big
$TRACK scp -q "${with_key[@]}" -P $port big "$user@127.0.0.1:$PWD/copy"
cmp big copy && echo copied
echo "get $PWD/copy again" | $TRACK sftp -q "${with_key[@]}" -P $port "$user@127.0.0.1" >/dev/null
cmp big again && echo "copied again"
# For another user, sshd gives up root and serves files itself.
[ "$(id -u)" != 0 ] || user=nobody
echo "get $PWD/copy third" | $TRACK sftp -q "${with_key[@]}" -P $port "$user@127.0.0.1" >/dev/null
cmp big third && echo "copied a third time"
user=$(id -un)
tunnel="$TRACK ssh ${with_key[*]} -p $port -l $user -W 127.0.0.1:$port 127.0.0.1"
remote -o "ProxyCommand=$tunnel" 127.0.0.1 'echo through the tunnel'
ssh "${options[@]}" -i none -p $port -l "$user" 127.0.0.1 'echo let in' || echo "refused: $?"
kill "$(cat pid)"
wait "$server" || echo "sshd ends with $?"
