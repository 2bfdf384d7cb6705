#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real leak that anyone can reproduce: Debian 12's ruby 3.1.7 loses about 14 KB on every grapheme_clusters of a
UTF-32LE string (Ruby bug 20150: a regular expression compiled for the call is never freed).

    ruby_test.py LEAKTRACK
"""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from tracker import describe, frames_of, need, tracker  # noqa: E402

CALLS = 60 * 20
SCRIPT = """
text = "leak".encode("UTF-32LE")
60.times do
  20.times { text.grapheme_clusters }
  sleep 0.25
end
"""


class RubyTest(unittest.TestCase):
    leaktrack = None

    def test_the_report_names_onigurumas_compiler_first(self):
        version = subprocess.run(["ruby", "-e", "print RUBY_VERSION"], capture_output=True, text=True, check=True).stdout
        if not version.startswith("3.1."):
            self.skipTest(f"ruby {version} has this leak mended")
        with tracker(self.leaktrack) as t:
            done = t.run(["ruby", "-e", SCRIPT], timeout=60)
            self.assertEqual(done.returncode, 0)
            report = t.only_report()
        what = describe(report)
        first = min(report["sites"], key=lambda site: site["rank"])
        self.assertTrue(first["grows"], what)
        self.assertTrue(any(name.startswith("onig_") for name in frames_of(first)), what)
        self.assertRegex(first["blame"]["function"], "onig_(new|compile)", what)
        lost = sum(site["live_bytes"] for site in report["sites"] if any(n.startswith("onig_") for n in frames_of(site)))
        self.assertGreater(lost, CALLS * 10_000, what)
        self.assertLess(lost, CALLS * 20_000, what)


if __name__ == "__main__":
    need("ruby")
    RubyTest.leaktrack = sys.argv.pop()
    unittest.main()
