# SPDX-License-Identifier: Apache-2.0
# WHAT: ninja and g++ building the capture library of this project; the archive must be the same to the byte.
# NEEDS: g++ ninja cmake
# TIMEOUT: 600
# SHORT: one file by g++, no ninja
# Compared as it is, except for the lines of `leaktrack run` itself.
[ "${1:-}" != version ] || { echo "g++ $(g++ -dumpfullversion), ninja $(ninja --version)"; exit; }
set -euo pipefail
export CCACHE_DISABLE=1
if [ -n "$SHORT" ]; then
  $TRACK g++ -std=c++20 -O1 -I"$SOURCE" -c "$SOURCE/libtrack/capture/crc32c.cc" -o crc32c.o
  sha256sum crc32c.o
  exit
fi
cmake -S "$SOURCE" -B b -G Ninja -DCMAKE_BUILD_TYPE=Release -DLEAKTRACK_TESTS=OFF -DLEAKTRACK_TOOLS=OFF >/dev/null
$TRACK ninja -C b -j2 libtrack/capture/libleaktrack_capture_decoder.a libtrack/capture/libleaktrack_capture_encoder.a | tail -1 | cut -d' ' -f2-
sha256sum b/libtrack/capture/*.a
echo 'int main( { }' >bad.cc
$TRACK g++ -c bad.cc 2>said || echo "status $?"
grep -v '^leaktrack: ' said
