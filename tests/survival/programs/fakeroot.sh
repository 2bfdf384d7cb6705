# SPDX-License-Identifier: Apache-2.0
# WHAT: fakeroot (preloaded beside ours, with a daemon): owners and devices that live in an archive.
# NEEDS: fakeroot tar
# TIMEOUT: 60
# SHORT: as it is
# Compared: the archive's listing.
[ "${1:-}" != version ] || { fakeroot --version | grep -oE '[0-9.]+$'; exit; }
set -euo pipefail
mkdir tree
for i in $(seq 20); do seq "$i" >"tree/file$i"; done
touch -d @1700000000 tree/* tree
cat >pack <<'SH'
chown -R 12:34 tree && chown 56 tree/file7 && chmod 4755 tree/file8
mknod tree/device c 1 3 && touch -d @1700000000 tree/device tree
stat -c '%u %g %a %F %n' tree/device tree/file7 tree/file8
tar --sort=name -c tree | tar --numeric-owner -tv
exit 3
SH
$TRACK fakeroot sh pack || echo "status $?"
