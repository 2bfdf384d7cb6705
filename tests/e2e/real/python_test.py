#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's python3 with a C extension that forgets a buffer; PYTHONMALLOC=malloc lets Python's objects be seen too.

    python_test.py LEAKTRACK
"""
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import expectations  # noqa: E402
from python_extension import PYTHON, build_extension  # noqa: E402
from tracker import describe, need, tracker  # noqa: E402

SCRIPT = """
import sys, time
sys.path.insert(0, sys.argv[1])
import leaky_extension
cache = {}
for tick in range(1200):
    for i in range(6):
        leaky_extension.parse(('# ' if i % 3 == 0 else '') + 'some words ' * 100)
        cache[tick * 7 % 100] = ['python object'] * 100
    time.sleep(0.01)
"""


class PythonTest(unittest.TestCase):
    leaktrack = None

    def test_the_forgotten_buffer_is_blamed_on_the_extension(self):
        with tempfile.TemporaryDirectory() as modules, tracker(self.leaktrack) as t:
            build_extension(modules)
            done = t.run([PYTHON, "-c", SCRIPT, modules], timeout=60, env={**os.environ, "PYTHONMALLOC": "malloc"})
            self.assertEqual(done.returncode, 0)
            report = t.only_report()
        what = describe(report)
        first = min(report["sites"], key=lambda site: site["rank"])
        self.assertTrue(first["grows"], what)
        self.assertTrue(any(expectations.function_matches(first["blame"]["function"], name)
                            for name in ("CopyOfInput", "Parse")), what)
        self.assertTrue(first["blame"]["file"].endswith("leaky_extension.c"), what)
        for site in report["sites"]:
            if site["grows"]:
                self.assertTrue(any(expectations.function_matches(f.get("function"), "Parse") for f in site["stack"]),
                                what)


if __name__ == "__main__":
    need(PYTHON, "gcc")
    PythonTest.leaktrack = sys.argv.pop()
    unittest.main()
