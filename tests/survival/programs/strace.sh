# SPDX-License-Identifier: Apache-2.0
# WHAT: strace, tracked itself, follows tracked programs: children, stacks, a kill, failing calls.
# NEEDS: strace python3
# TIMEOUT: 60
# SHORT: as it is
# Compared: what the programs print, how they end, and what the log says of both.
[ "${1:-}" != version ] || { strace --version | head -1 | grep -oE '[0-9.]+$'; exit; }
set -euo pipefail
$TRACK strace -f -o log -e trace=write sh -c 'seq 3; (exit 3); echo $?; exit 4' ||
  echo "status $?"
grep -oE 'write\(1, "[^"]*"|[+]{3} exited with [0-9]+' log | sort -u
$TRACK strace -f -k -o log -e trace=openat /usr/bin/python3 -c 'import json; print(json.dumps([1]))'
grep -o 'python3.11(_start' log | sort -u
$TRACK strace -f -o log sh -c 'kill -9 $$' || echo "status $?"
grep -o '+++ killed by SIGKILL +++' log | sort -u
$TRACK strace -f -o log -e inject=fsync:error=ENOSPC -e trace=fsync /usr/bin/python3 -c '
import os
try: os.fsync(os.open(".", os.O_RDONLY))
except OSError as error: print(error)'
