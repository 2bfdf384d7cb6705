#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of check_layering.py on made-up include graphs: a gate that cannot close is none."""
import unittest

import check_layering


def violations(**graph):
    """File names are written with __ for / and a single trailing _h or _cc."""
    def path(name):
        stem, _, end = name.replace("__", "/").rpartition("_")
        return f"{stem}.{end}"
    return list(check_layering.violations({path(name): includes for name, includes in graph.items()}))


class LayeringTest(unittest.TestCase):
    def test_downward_includes_are_allowed(self):
        self.assertEqual(violations(libtrack__wrap__heap_h=(["libtrack/record/tracker.h"], ["cstdint"])), [])
        self.assertEqual(violations(tools__report__json_h=(["tools/analysis/model/result.h"], ["string"])), [])

    def test_upward_includes_are_not(self):
        self.assertTrue(violations(libtrack__record__tracker_h=(["libtrack/runtime/run.h"], [])))
        self.assertTrue(violations(tools__analysis__judge_cc=(["tools/report/words/page.h"], [])))

    def test_library_and_tools_meet_in_the_capture_folder_only(self):
        self.assertTrue(violations(tools__commands__run_cc=(["libtrack/runtime/run.h"], [])))
        self.assertTrue(violations(libtrack__runtime__run_cc=(["tools/base/units.h"], [])))
        self.assertEqual(violations(tools__commands__dump_cc=(["libtrack/capture/read/decoder.h"], [])), [])

    def test_forbidden_headers_are_seen_through_other_headers(self):
        self.assertTrue(violations(libtrack__runtime__run_cc=(["libtrack/capture/read/decoder.h"], []),
                                   libtrack__capture__decoder_h=([], ["vector"])))
        self.assertTrue(violations(libtrack__capture__encoder_cc=(["libtrack/capture/read/decoder.h"], []),
                                   libtrack__capture__decoder_h=([], ["vector"])))
        self.assertEqual(violations(libtrack__capture__decoder_cc=(["libtrack/capture/read/decoder.h"], []),
                                    libtrack__capture__decoder_h=([], ["vector"])), [])

    def test_a_folder_outside_the_table_is_reported(self):
        self.assertTrue(violations(libtrack__newcomer__file_h=([], [])))


if __name__ == "__main__":
    unittest.main()
