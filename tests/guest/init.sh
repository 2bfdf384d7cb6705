#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# Process 1 of the guest of scripts/guest.sh. It mounts the files of the outer machine as its root,
# read-only, with the kernel's own file systems and writable memory, runs checks.py in it, and
# switches the guest off.
export PATH=/bin
/bin/busybox --install -s /bin
. /settings
mount -t proc proc /proc
for module in virtio_pci 9pnet_virtio 9p; do modprobe "$module"; done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,ro,cache=loose host /new
mount -t proc proc /new/proc
mount -t sysfs sys /new/sys
mount -t devtmpfs dev /new/dev
mkdir -p /new/dev/shm /new/dev/pts
mount -t tmpfs -o mode=1777 shm /new/dev/shm
mount -t devpts pts /new/dev/pts
mount -t tmpfs -o mode=1777 run /new/run
mount -t cgroup2 cgroup /new/sys/fs/cgroup
mount -t securityfs security /new/sys/kernel/security
echo +memory >/new/sys/fs/cgroup/cgroup.subtree_control
ip link set lo up
# Any user can reach the build by these paths, wherever it is.
mkdir -p /new/run/source /new/run/build
mount --bind "/new$source" /new/run/source
mount --bind "/new$build" /new/run/build
chroot /new /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run TMPDIR=/run \
  LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/run/source/tests/e2e/harness:/run/source/tests/e2e/kills \
  /usr/bin/python3 /run/source/tests/guest/checks.py $arguments
poweroff -f
