#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bundled service: its one leak is named first, its decoys do not grow; killed in mid-load, the same.

    service_test.py SERVICE LEAKTRACK
"""
import os
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import expectations  # noqa: E402
from tracker import describe, tracker, victim_pid  # noqa: E402

DECOYS = ("LoadCatalogue", "PageCache", "ConnectionPool", "OrderBatch", "ParseRequest", "RenderPage")


class ServiceTest(unittest.TestCase):
    service = leaktrack = None

    def assert_names_the_leak(self, report):
        what = describe(report)
        growing = expectations.growing_sites(report)
        self.assertTrue(growing, what)
        for site in growing:
            functions = " ".join(frame.get("function") or "" for frame in site["stack"])
            self.assertIn("AuditLog::Record", functions, what)
            for decoy in DECOYS:
                self.assertFalse(decoy in functions and "AuditLog" not in functions, what)
        first = min(report["sites"], key=lambda site: site["rank"])
        self.assertTrue(expectations.function_matches(first["blame"]["function"], "Record"), what)
        self.assertTrue(first["blame"]["file"].endswith("session_store.cc"), what)
        self.assertTrue(first["blame"]["line"] > 0, what)
        # A cache that fills for 15 s gives the same data: the place is named, with the time by which it is decided.
        self.assertEqual(first["verdict"], "watch", what)
        self.assertTrue(0 < first["leak_probability"] < .8, what)
        self.assertGreater(first["decided_by_seconds"], report["process"]["duration_seconds"], what)
        self.assertEqual(report["exit"], 3, what)

    def test_the_leak_is_named_and_nothing_else(self):
        with tracker(self.leaktrack) as t:
            done = t.run([self.service, "--seconds", "20"], timeout=60, stdout=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 0)
            report = t.only_report()
        self.assert_names_the_leak(report)
        self.assertEqual(report["process"]["end"], "exited")

    def test_killed_in_mid_load_it_gives_the_same_site(self):
        with tracker(self.leaktrack) as t:
            process = t.start([self.service, "--seconds", "60"], stdout=subprocess.DEVNULL)
            time.sleep(15)
            os.kill(victim_pid(process.pid), signal.SIGKILL)
            self.assertEqual(process.wait(timeout=30), 137)
            report = t.only_report()
        self.assert_names_the_leak(report)
        self.assertEqual(report["process"]["end"], "killed")
        self.assertEqual(report["coverage"]["epochs_lost"], 0)


if __name__ == "__main__":
    ServiceTest.leaktrack = sys.argv.pop()
    ServiceTest.service = os.path.abspath(sys.argv.pop())
    unittest.main()
