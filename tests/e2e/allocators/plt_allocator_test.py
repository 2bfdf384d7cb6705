#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A block is recorded once, and with the size asked for, even if the allocator calls itself by its public names.

    plt_allocator_test.py FOLDER_OF_BINARIES LEAKTRACK

Runs `calls_each.c` with `plt_allocator.c`, whose calls leave a frame in one build and none in the other.
"""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from tracker import frames_of, tracker  # noqa: E402

BLOCKS, SIZE, BEFORE_GROWTH = 4000, 1000, 10
FUNCTIONS = ("malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign", "valloc",
             "new", "new_array", "copy", "growth")


class PltAllocatorTest(unittest.TestCase):
    leaktrack = binaries = None

    def sums(self, variant, options):
        """{function: (live objects, live bytes, bytes ever born)} according to the report."""
        with tracker(self.leaktrack) as t:
            done = t.run([os.path.join(self.binaries, f"calls_each_{variant}")], options)
            self.assertEqual(done.returncode, 0)
            report = t.only_report()
        self.assertEqual(report["coverage"]["lost_allocations"], 0)
        found = {}
        for name in FUNCTIONS:
            sites = [s for s in report["sites"] if f"LeakBy_{name}" in frames_of(s)]
            found[name] = tuple(sum(s[key] for s in sites)
                                for key in ("live_objects", "live_bytes", "born_bytes"))
        return found

    def test_exactly(self):
        for variant in "with_frames", "by_tail_calls":
            for name, found in self.sums(variant, ["--exact"]).items():
                born = BLOCKS * (SIZE + (BEFORE_GROWTH if name == "growth" else 0))
                self.assertEqual(found, (BLOCKS, BLOCKS * SIZE, born), f"{name} {variant}")

    # About a thousand samples per function: a fifth is six standard deviations. Recording twice
    # would double the result.
    def test_sampled(self):
        for variant in "with_frames", "by_tail_calls":
            for name, found in self.sums(variant, ["--interval", "4096"]).items():
                self.assertAlmostEqual(found[1], BLOCKS * SIZE, delta=BLOCKS * SIZE / 5,
                                       msg=f"{name} {variant}")


if __name__ == "__main__":
    PltAllocatorTest.binaries, PltAllocatorTest.leaktrack = sys.argv[1], sys.argv[2]
    unittest.main(argv=sys.argv[:1], verbosity=2)
