#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Libraries that answer in the system's place affect the program, not the record.

    interposed_test.py LEAKTRACK LIBLEAKTRACK FOLDER_OF_BINARIES
"""
import concurrent.futures
import glob
import os
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from tracker import need, tracker  # noqa: E402

SECONDS = 3  # minimum duration of leaks_by_the_kernels_clock
CLOCKS = {"frozen": "2020-01-01 00:00:00", "slow": "+0 x0.01", "fast": "+0 x1000"}


class InterposedTest(unittest.TestCase):
    leaktrack = library = binaries = None

    def track(self, t, preload, program, *words, **variables):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LEAKTRACK_")}
        environment.update(variables, LEAKTRACK_OUT=t.folder, LD_PRELOAD=preload)
        return subprocess.run([os.path.join(self.binaries, program), *words], env=environment,
                              capture_output=True, text=True, timeout=100, check=False)

    def pretend(self, faketime, clock, order):
        preload = ":".join([faketime, self.library][::order])
        with tracker(self.leaktrack) as t:
            done = self.track(t, preload, "leaks_by_the_kernels_clock", FAKETIME=clock,
                              LEAKTRACK_INTERVAL="exact")
            self.assertEqual(done.returncode, 0, done.stderr)
            return t.only_report()

    def test_a_pretended_clock_is_not_believed(self):
        found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        need(*found[:1] or ["libfaketime.so.1"])
        with concurrent.futures.ThreadPoolExecutor() as pool:
            runs = {(name, order): pool.submit(self.pretend, found[0], clock, order)
                    for name, clock in CLOCKS.items() for order in (1, -1)}
        for run, future in runs.items():
            report = future.result()
            process = report["process"]
            self.assertGreaterEqual(process["duration_seconds"], SECONDS, run)
            self.assertLess(process["duration_seconds"], 100, run)  # 3,000 by the fast clock
            self.assertLess(abs(process["start_time"] - time.time()), 1000, run)
            self.assertNotEqual(process["status"], "oom_imminent", run)
            leak = max((s for s in report["sites"] if s["kind"] == "heap"),
                       key=lambda s: s["live_bytes"])
            self.assertEqual(leak["live_bytes"], 300 * 1009, run)
            self.assertGreater(leak["oldest_seconds"], SECONDS - 1, run)

    def test_the_system_is_asked_itself(self):
        watcher = os.path.join(self.binaries, "libwatches_callers.so")
        for preload, interval in ((f"{watcher}:{self.library}", "auto"),
                                  (f"{self.library}:{watcher}", "exact")):
            with tracker(self.leaktrack) as t:
                done = self.track(t, preload, "leaks_seven", "leak", "pass-time", "cross",
                                  LEAKTRACK_INTERVAL=interval)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(t.only_report()["process"]["end"], "exited")


if __name__ == "__main__":
    InterposedTest.leaktrack, InterposedTest.binaries = sys.argv[1], sys.argv[3]
    InterposedTest.library = os.path.abspath(sys.argv[2])
    unittest.main(argv=sys.argv[:1], verbosity=2)
