#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/coverage_summary.py, on reports as gcov writes them."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts"))
import coverage_summary  # noqa: E402


def report(*files):
    return {"current_working_directory": "/tree/build",
            "files": [{"file": name, "lines": [{"line_number": n, "count": c} for n, c in lines]} for name, lines in files]}


class CoverageSummaryTest(unittest.TestCase):
    def test_a_line_of_a_header_counts_once_and_ran_if_it_ran_anywhere(self):
        counts = coverage_summary.merge([report(("/tree/libtrack/a/x.h", [(1, 0), (2, 5)])),
                                         report(("../libtrack/a/x.h", [(1, 3), (2, 0)]))], "/tree")
        self.assertEqual(counts, {"libtrack/a/x.h": {1: 3, 2: 5}})

    def test_only_our_own_folders_count(self):
        counts = coverage_summary.merge([report(("/usr/include/x.h", [(1, 1)]), ("/tree/tests/x.cc", [(1, 1)]),
                                                ("/tree/tools/b/y.cc", [(4, 0)]))], "/tree")
        self.assertEqual(list(counts), ["tools/b/y.cc"])

    def test_folders_are_summed_and_so_are_they_all(self):
        counts = {"tools/b/y.cc": {1: 1, 2: 0}, "tools/b/z.cc": {1: 1, 3: 7}, "libtrack/a/x.cc": {9: 0}}
        self.assertEqual(coverage_summary.by_folder(counts), {"libtrack/a": (1, 1, 0), "tools/b": (2, 4, 3)})
        rows = coverage_summary.table(counts)
        self.assertEqual(rows[1].split(), ["libtrack/a", "1", "1", "0", "0.0", "%"])
        self.assertEqual(rows[-1].split(), ["all", "3", "5", "3", "60.0", "%"])

    def test_what_nobody_ran_is_named_in_runs(self):
        counts = {"tools/b/y.cc": {1: 0, 2: 0, 3: 0, 4: 1, 7: 0}, "tools/base/q.cc": {1: 0}}
        self.assertEqual(list(coverage_summary.uncovered(counts, "tools/b/")), ["tools/b/y.cc: 1-3 7"])


if __name__ == "__main__":
    unittest.main()
