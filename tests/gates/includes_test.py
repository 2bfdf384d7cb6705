#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of check_includes.py on made-up files: a gate that cannot close is none."""
import os
import tempfile
import unittest

import check_includes


class IncludesTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def missing(self, path, text, **others):
        for name, content in {path: text, **{"tools/" + key + ".h": value for key, value in others.items()}}.items():
            file = os.path.join(self.folder.name, name)
            os.makedirs(os.path.dirname(file), exist_ok=True)
            with open(file, "w", encoding="utf-8") as out:
                out.write(content)
        return check_includes.missing(self.folder.name, path)

    def test_a_used_name_needs_its_header(self):
        for header, code in (("vector", "std::vector<int> v;"), ("cstdint", "uint64_t n;"), ("optional", "return std::nullopt;"),
                             ("initializer_list", "for (const int i : {1, 2}) Use(i);"), ("cstring", "memcpy(a, b, 3);")):
            self.assertEqual(self.missing("tools/a.h", code), [header])
            self.assertEqual(self.missing("tools/a.h", f"#include <{header}>\n{code}"), [])

    def test_a_vector_declares_no_size_t(self):
        self.assertEqual(self.missing("tools/a.h", "#include <vector>\nsize_t Count();"), ["cstddef"])
        self.assertEqual(self.missing("tools/a.h", "#include <string>\nsize_t Count();"), [])

    def test_another_header_of_ours_does_not_stand_in(self):
        self.assertEqual(self.missing("tools/a.cc", '#include "tools/b.h"\nstd::string s;', b="#include <string>"), ["string"])

    def test_a_source_leans_on_the_header_of_its_name(self):
        self.assertEqual(self.missing("tools/a.cc", '#include "tools/a.h"\nstd::string s;', a="#include <string>"), [])
        self.assertEqual(self.missing("tools/a.hpp", '#include "tools/a.h"\nstd::string s;', a="#include <string>"), [])
        self.assertEqual(self.missing("tools/a.h", '#include "tools/b.h"\nstd::string s;', b="#include <string>"), ["string"])

    def test_comments_and_texts_use_nothing(self):
        self.assertEqual(self.missing("tools/a.h", '// std::vector\n/* std::map */ auto s = "std::set"; auto r = R"(std::list)";'), [])

    def test_what_is_missing_can_be_added(self):
        path = "tools/a.cc"
        self.missing(path, '#include "tools/a.h"\n\n#include <vector>\nstd::string s;')
        check_includes.add(self.folder.name, path, ["string"])
        self.assertEqual(check_includes.missing(self.folder.name, path), [])


if __name__ == "__main__":
    unittest.main()
