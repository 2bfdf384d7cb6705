#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of check_comments.py on made-up sources."""
import unittest

from check_comments import violations

FILES = ["libtrack/record/sampler.h", "tools/base/units.h"]


def found(text):
    return list(violations(FILES, {"tools/base/units.h": text}))


class CommentsTest(unittest.TestCase):
    def test_what_exists_may_be_named(self):
        self.assertEqual(found("// See sampler.h and base/units.h.\nvoid Walk();\n// Walk() ends at the root.\n"), [])

    def test_a_file_that_is_gone_is_found(self):
        self.assertIn("no file drawer.h", found("// See drawer.h.\n")[0])
        self.assertIn("no file tools/units.h", found("int x;  // tools/units.h\n")[0])

    def test_a_function_that_is_gone_is_found(self):
        self.assertIn("no function Walk()", found("// Walk() ends at the root.\n")[0])

    def test_foreign_names_and_examples_are_not_ours(self):
        self.assertEqual(found('// dlopen() reads <link.h>; "Push at list.cc:41"\n'), [])


if __name__ == "__main__":
    unittest.main()
