# SPDX-License-Identifier: Apache-2.0
# WHAT: libeatmydata (preloaded beside ours, takes fsync away): sqlite3 and python3 write and sync.
# NEEDS: eatmydata sqlite3 /usr/bin/python3
# TIMEOUT: 60
# SHORT: as it is
# Compared as it is.
[ "${1:-}" != version ] || { dpkg-query -W -f '${Version}' eatmydata | cut -d- -f1; exit; }
set -euo pipefail
$TRACK eatmydata sqlite3 base 'create table t(a, b);
  with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
    insert into t select i, hex(i * 7919) from n;
  delete from t where a % 3 = 0; vacuum; select count(*), sum(a), max(b) from t;'
$TRACK eatmydata /usr/bin/python3 -c '
import os
for i in range(50):
    file = os.open(f"f{i}", os.O_CREAT | os.O_WRONLY | os.O_SYNC)
    os.write(file, bytes(i)); os.fsync(file); os.close(file)
os.sync()
print(sum(os.path.getsize(f"f{i}") for i in range(50)))
print(os.environ["LD_PRELOAD"].count("eatmydata"))'
