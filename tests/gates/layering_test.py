#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of check_layering.py on made-up include graphs: a gate that cannot fail is useless."""
import os
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
        self.assertEqual(violations(tools__report__json__site_h=(["tools/analysis/model/result.h"], ["string"])), [])

    def test_upward_includes_are_not(self):
        self.assertTrue(violations(libtrack__record__tracker_h=(["libtrack/runtime/run.h"], [])))
        self.assertTrue(violations(tools__analysis__detect__judge_cc=(["tools/report/words/page.h"], [])))

    def test_library_and_tools_meet_in_the_capture_folder_only(self):
        self.assertTrue(violations(tools__commands__run_cc=(["libtrack/runtime/run.h"], [])))
        self.assertTrue(violations(libtrack__runtime__run_cc=(["tools/base/units.h"], [])))
        self.assertEqual(violations(tools__commands__dump_cc=(["libtrack/capture/read/decoder.h"], [])), [])

    def test_forbidden_headers_are_seen_through_other_headers(self):
        decoder = {"libtrack__capture__read__decoder_h": ([], ["vector"])}
        reader = (["libtrack/capture/read/decoder.h"], [])
        self.assertTrue(violations(libtrack__runtime__run_cc=reader, **decoder))
        self.assertTrue(violations(libtrack__capture__write__encoder_cc=(["libtrack/capture/data.h"], []),
                                   libtrack__capture__data_h=([], ["vector"])))
        self.assertEqual(violations(libtrack__capture__read__decoder_cc=reader, **decoder), [])

    def test_a_folder_outside_the_table_is_reported(self):
        self.assertTrue(violations(libtrack__newcomer__file_h=([], [])))

    def test_a_back_arrow_fails_in_every_room(self):
        for layer, rooms in check_layering.ROOMS.items():
            for room, below in rooms.items():
                for other in rooms:
                    if other == room:
                        continue
                    path, header = (os.path.join(layer, place, name) for place, name in ((room, "a.cc"), (other, "b.h")))
                    found = list(check_layering.violations({path: ([header], [])}))
                    self.assertEqual(bool(found), other not in below, f"{path} includes {header}: {found}")

    def test_the_order_of_rooms_has_no_ring(self):
        for layer, rooms in check_layering.ROOMS.items():
            done = set()
            while len(done) < len(rooms):
                free = {room for room in set(rooms) - done if set(rooms[room]) <= done}
                self.assertTrue(free, f"{layer}: a ring among {set(rooms) - done}")
                done |= free

    def test_a_file_outside_the_rooms_is_reported(self):
        self.assertTrue(violations(libtrack__platform__stray_h=([], [])))
        self.assertTrue(violations(tools__report__attic__stray_h=([], [])))
        self.assertTrue(violations(tools__report__json__site_h=(["tools/report/attic/stray.h"], [])))


if __name__ == "__main__":
    unittest.main()
