# SPDX-License-Identifier: Apache-2.0
# WHAT: CPython's own test package: multiprocessing by fork, spawn and forkserver, asyncio.
# NEEDS: /usr/bin/python3 /usr/lib/python3.*/test/test_fork1.py
# TIMEOUT: 2400
# Compared as in python.sh.
tests='test_asyncio test_multiprocessing_fork test_multiprocessing_spawn test_multiprocessing_forkserver'
. "$(dirname "$0")/python.sh"
