# SPDX-License-Identifier: Apache-2.0
# WHAT: CPython's own test package: threads, signals, forks, subprocesses, ctypes, mmap, capi, faulthandler.
# NEEDS: /usr/bin/python3 /usr/lib/python3.*/test/test_fork1.py
# TIMEOUT: 1500
# SHORT: three of the test files
# Compared: name and outcome of each single test, sorted, from the JUnit record; times are left out.
[ "${1:-}" != version ] || { /usr/bin/python3 -c 'import platform; print(platform.python_version())'; exit; }
set -euo pipefail
tests=${tests:-test_fork1 test_signal test_mmap test_thread test_threading test_threadsignals test_threading_local test_subprocess
  test_posix test_ctypes test_faulthandler test_gc test_weakref test_capi test_queue test_socketserver test_selectors}
[ -z "$SHORT" ] || tests='test_fork1 test_thread test_mmap'
for name in $tests; do
  status=0
  $TRACK timeout 600 /usr/bin/python3 -m test --junit-xml "$PWD/record.xml" "$name" >>log 2>&1 || status=$?
  echo "$name: status $status"
  [ ! -e record.xml ] || /usr/bin/python3 - <<'READ' | sort
import xml.etree.ElementTree as tree
for case in tree.parse("record.xml").iter("testcase"):
    children = [child.tag for child in case if child.tag in ("skipped", "failure", "error")]
    print(case.get("name"), case.get("result"), *children)
READ
  rm -f record.xml
done
