#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The allocators' statistics reach the capture. An allocator that never answers stops nothing.

    allocator_test.py LEAKTRACK PROGRAMS
"""
import glob
import os
import re
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from tracker import tracker  # noqa: E402

LIBRARIES = {"glibc": None, "jemalloc": "libjemalloc.so.2", "tcmalloc": "libtcmalloc_minimal.so.4",
             "mimalloc": "libmimalloc.so.2"}
IN_USE = 5_000_000
FREED = 5_000_000


def find_library(name):
    found = sorted(glob.glob(f"/usr/lib/x86_64-linux-gnu/{name}*"))
    return found[0] if found else None


def dump(t):
    done = subprocess.run([t.leaktrack, "dump", t.folder], check=True, capture_output=True, text=True, timeout=60)
    return done.stdout


def memory_samples(text):
    """One dictionary per memory line: time_ms, in_use, free, mapped, arenas, read_ms."""
    samples = []
    for line in re.findall(r"^memory (.*)$", text, re.M):
        said = line[line.index("allocator"):].split()[1:]
        sample = {name: int(value) for name, value in zip(said[::2], said[1::2])}
        sample["time_ms"] = int(line.split()[1])
        samples.append(sample)
    return samples


class AllocatorTest(unittest.TestCase):
    def watch(self, name, check):
        library = LIBRARIES[name] and find_library(LIBRARIES[name])
        if LIBRARIES[name] and not library:
            self.skipTest(f"{LIBRARIES[name]} is not installed (scripts/setup.sh --test installs it)")
        environment = {**os.environ, **({"LD_PRELOAD": library} if library else {})}
        # An answer that takes over 2 ms, possible on a stalled machine, is the last.
        for _ in range(3):
            samples = self.samples_of(name, environment)
            if samples[-1]["read_ms"] != -1:
                break
        self.assertEqual(samples[0]["read_ms"], -1, "asked at once")
        last = samples[-1]
        self.assertGreaterEqual(last["read_ms"], 3000)
        self.assertLess(last["read_ms"], last["time_ms"])
        check(last)

    def samples_of(self, name, environment):
        with tracker(LEAKTRACK) as t:
            done = t.run([os.path.join(PROGRAMS, "allocator_says")], env=environment)
            self.assertEqual(done.returncode, 0)
            text = dump(t)
            self.assertIn(f"allocator {name}\n", text)
            return memory_samples(text)

    def check_sums(self, last):
        self.assertGreaterEqual(last["in_use"], IN_USE)
        self.assertLess(last["in_use"], 1.2 * IN_USE)
        self.assertGreaterEqual(last["free"], 0.9 * FREED)
        self.assertGreaterEqual(last["mapped"], IN_USE + FREED)

    def test_glibc_tells_what_is_in_use_and_free_and_has_an_arena_per_thread(self):
        def check(last):
            self.check_sums(last)
            self.assertEqual(last["in_use"] + last["free"], last["mapped"])
            self.assertEqual(last["arenas"], 4)
        self.watch("glibc", check)

    def test_jemalloc_tells_what_is_in_use_and_resident_beside(self):
        self.watch("jemalloc", self.check_sums)

    def test_tcmalloc_tells_what_is_in_use_and_free_in_its_caches(self):
        self.watch("tcmalloc", self.check_sums)

    def test_mimalloc_tells_what_it_has_committed_and_no_more(self):
        def check(last):
            self.assertEqual(last["in_use"], -1)
            self.assertGreaterEqual(last["mapped"], IN_USE)
        self.watch("mimalloc", check)

    def test_an_allocator_that_never_answers_stops_neither_the_record_nor_the_end(self):
        with tracker(LEAKTRACK) as t:
            began = time.monotonic()
            done = t.run([os.path.join(PROGRAMS, "stuck_in_allocator")])
            lasted_ms = 1000 * (time.monotonic() - began)
            self.assertEqual(done.returncode, 0)
            report = t.only_report()
            self.assertEqual(report["process"]["end"], "exited")
            self.assertEqual(report["coverage"]["epochs_lost"], 0)
            text = dump(t)
            self.assertNotRegex(text, r"recorder \S+ used", "the last epoch is not in the file")
            samples = memory_samples(text)
            self.assertEqual({sample["read_ms"] for sample in samples}, {-1}, "who answered?")
            self.assertGreater(samples[-1]["time_ms"], 5500, "the drainer hung")
            self.assertLess(lasted_ms - samples[-1]["time_ms"], 10_000, "the end hung")


if __name__ == "__main__":
    LEAKTRACK, PROGRAMS = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main(verbosity=2)
