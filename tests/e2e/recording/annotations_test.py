#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What programs say through include/leaktrack is in their captures. Without a tracker they run unchanged.

    annotations_test.py LEAKTRACK PROGRAMS
"""
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from tracker import tracker  # noqa: E402

CUT = "second, with a name that is longer t"


def dump(t, capture):
    done = subprocess.run([t.leaktrack, "dump", capture], check=True, capture_output=True, text=True, timeout=60)
    return done.stdout


def program(name):
    return os.path.join(PROGRAMS, name)


class AnnotationsTest(unittest.TestCase):
    def check_annotations(self, text, second_is_open):
        phases = re.findall(r"^phase \[(\d+), (\d+)([)+]) ms (.*)$", text, re.M)
        self.assertEqual([name for _, _, _, name in phases], ["warm-up", "first", "in a handler", CUT])
        self.assertEqual([end for _, _, end, _ in phases], [")", ")", ")", "+" if second_is_open else ")"])
        for start, end, _, name in phases:
            self.assertLessEqual(int(start), int(end), name)
        self.assertEqual(re.findall(r"^snapshot time_ms \d+ ?(.*)$", text, re.M), ["in a handler", ""])
        self.assertEqual(re.findall(r"^memory .* work_units (-?\d+)", text, re.M)[-1], "12345")
        self.assertEqual(len(re.findall(r"^stack \d+ heap immortal", text, re.M)), 3)
        self.assertIn("loss notes 0\n", text)

    def test_phases_snapshots_work_and_marks_are_in_the_capture(self):
        with tracker(LEAKTRACK) as t:
            self.assertEqual(t.run([program("annotations")], ["--exact"]).returncode, 0)
            self.check_annotations(dump(t, t.captures()[0]), second_is_open=True)

    def test_they_outlive_sigkill(self):
        with tracker(LEAKTRACK) as t:
            t.run([program("annotations"), "kill"], ["--exact"])
            self.check_annotations(dump(t, t.captures()[0]), second_is_open=True)

    def test_pools_have_names_also_in_a_forked_child(self):
        with tracker(LEAKTRACK) as t:
            self.assertEqual(t.run([program("pool"), "fork"], ["--exact"]).returncode, 0)
            texts = sorted((dump(t, capture) for capture in t.captures()), key=lambda text: "parent_run 0000000000000000" not in text)
            self.assertEqual(re.findall(r"^pool (.*)$", texts[0], re.M), ["1 sessions", "2 scratch"])
            self.assertEqual(re.findall(r"^pool (.*)$", texts[1], re.M), ["1 sessions"])
            self.assertRegex(texts[1], r"stack \d+ heap pool 1 ")

    def test_programs_run_unchanged_without_a_tracker_and_linked_statically(self):
        for name in ("annotations", "annotations_static", "annotations_no_pie", "annotations_cpp", "annotations_cpp_static", "pool",
                     "pressure"):
            with self.subTest(name):
                done = subprocess.run([program(name)], timeout=60, check=False, capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_a_program_at_a_fixed_address_finds_the_tracker_too(self):
        with tracker(LEAKTRACK) as t:
            self.assertEqual(t.run([program("annotations_no_pie")], ["--exact"]).returncode, 0)
            self.check_annotations(dump(t, t.captures()[0]), second_is_open=True)


if __name__ == "__main__":
    LEAKTRACK, PROGRAMS = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main(verbosity=2)
