#!/usr/bin/env bash
# Runs tests/guest/checks.py under Debian's own kernel in an emulator: this one's may lack things.
#   scripts/guest.sh [--short] [CHECK...]    the short form is the ctest guest.short
# Needs a release build with tests and the programs of scripts/setup.sh --test. The guest sees this
# machine's files, read-only; what it writes lies in its own memory. apt-get fetches the kernel's
# package, once, into build/guest. The last line is "N passed, N failed".
set -euo pipefail
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then sed -n '2,6s/^# //p' "$0"; exit 0; fi

cd "$(dirname "$0")/.."
source=$PWD build=${LEAKTRACK_BUILD:-$PWD/build/release} home=$PWD/build/guest
skip() { echo "skipped: $*"; exit 77; }
for program in qemu-system-x86_64 busybox cpio apt-get; do
  command -v "$program" >/dev/null ||
    skip "$program is not installed (scripts/setup.sh --test installs it)"
done
# One at a time: they share build/guest, and two emulators would only wait for each other.
mkdir -p "$home"
exec 9>"$home/lock"
flock 9

# The package that linux-image-amd64 stands for; without lists of packages, what a call before left.
kernel=$(apt-cache depends linux-image-amd64 2>/dev/null | awk '/Depends:/ && !n++ { print $2 }' || true)
[ -n "$kernel" ] || kernel=$(cd "$home" && ls -d linux-image-* 2>/dev/null | tail -1) || true
[ -n "$kernel" ] || skip "no kernel package is known here (apt-get update)"
if [ ! -e "$home/$kernel/done" ]; then
  rm -rf "${home:?}/$kernel" "$home"/*.deb
  (cd "$home" && apt-get download -qq "$kernel" 2>/dev/null) || skip "$kernel cannot be fetched"
  mkdir "$home/$kernel"
  dpkg-deb --fsys-tarfile "$home/$kernel"_*.deb | tar -x -C "$home/$kernel" --wildcards \
    './boot/vmlinuz-*' './lib/modules/*/modules.*' './lib/modules/*/kernel/drivers/virtio/*' \
    './lib/modules/*/kernel/net/9p/*' './lib/modules/*/kernel/fs/9p/*' \
    './lib/modules/*/kernel/fs/netfs/*' './lib/modules/*/kernel/fs/fscache/*'
  busybox depmod -b "$home/$kernel" "${kernel#linux-image-}"
  rm -f "$home/$kernel"_*.deb
  touch "$home/$kernel/done"
fi

# A root of busybox and the modules of the shared folder: enough to find this machine's files.
root=$home/root
rm -rf "$root"
mkdir -p "$root"/{bin,proc,sys,dev,new}
cp "$(command -v busybox)" "$root/bin/busybox"
cp -a "$home/$kernel/lib" "$root/lib"
install -m 755 tests/guest/init.sh "$root/init"
printf 'source=%q build=%q arguments=%q\n' "$source" "$build" "$*" >"$root/settings"
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$home/initrd"

limit=3600
[ "${1:-}" != --short ] || limit=600
echo "guest: $kernel, $(qemu-system-x86_64 --version | head -1)"
timeout "$limit" qemu-system-x86_64 -accel tcg -cpu max -smp 1 -m 1536 -nodefaults -no-user-config \
  -display none -serial stdio -no-reboot \
  -kernel "$home/$kernel"/boot/vmlinuz-* -initrd "$home/initrd" \
  -append 'console=ttyS0 quiet loglevel=2 panic=-1 mitigations=off random.trust_cpu=on' \
  -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
  </dev/null 2>&1 | sed -u 's/\r$//' | tee "$home/log"
last=$(grep -oE '^[0-9]+ passed, [0-9]+ failed$' "$home/log" | tail -1)
[[ $last =~ ^[1-9][0-9]*\ passed,\ 0\ failed$ ]]
