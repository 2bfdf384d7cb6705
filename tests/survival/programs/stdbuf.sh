# SPDX-License-Identifier: Apache-2.0
# WHAT: stdbuf (preloaded beside ours, sets stdio's buffers before main): lines come when written.
# NEEDS: stdbuf python3 grep tr
# TIMEOUT: 60
# SHORT: as it is
# Compared as it is.
[ "${1:-}" != version ] || { stdbuf --version | head -1 | grep -oE '[0-9.]+$'; exit; }
set -euo pipefail
seq 20000 | $TRACK stdbuf -oL grep 7 | $TRACK stdbuf -i0 -o64K tr 7 x | sha256sum
# Each line is sent after the previous one came back. With block buffering this would wait for ever.
cat >ask.py <<'PY'
import subprocess, sys
pipe = subprocess.PIPE
with subprocess.Popen(sys.argv[1:], stdin=pipe, stdout=pipe) as filter:
    for word in (b"one\n", b"two\n", b"three\n"):
        filter.stdin.write(word)
        filter.stdin.flush()
        print(filter.stdout.readline())
PY
python3 ask.py $TRACK stdbuf -oL tr a-z A-Z
$TRACK stdbuf -oL sh -c 'exit 3' || echo "status $?"
