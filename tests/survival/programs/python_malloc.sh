# SPDX-License-Identifier: Apache-2.0
# WHAT: as python.sh, with every Python object in a block of its own (PYTHONMALLOC=malloc).
# NEEDS: /usr/bin/python3 /usr/lib/python3.*/test/test_fork1.py
# TIMEOUT: 1500
# Compared as in python.sh.
export PYTHONMALLOC=malloc
tests='test_threading test_threadsignals test_subprocess test_ctypes test_gc test_capi test_weakref'
. "$(dirname "$0")/python.sh"
