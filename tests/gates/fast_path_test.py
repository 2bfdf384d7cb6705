#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The gate of the fast paths refuses what it says it refuses. Each trial is a hook that breaks one rule."""
import os
import subprocess
import tempfile
import unittest

import check_fast_path

HOOKS = {"calls": "void note(void); void* malloc(size_t n) { note(); return real(n); }",
         "locks": "long hits; void* malloc(size_t n) { __atomic_fetch_add(&hits, 1, __ATOMIC_RELAXED); return real(n); }",
         "writes": "volatile long a, b; void* malloc(size_t n) { a = (long)n; b = (long)n; return real(n); }",
         "keeps the result": "void* last; void* malloc(size_t n) { return last = real(n); }",
         "forwards": "void* malloc(size_t n) { return real(n); }"}


class FastPathTest(unittest.TestCase):
    def problems(self, hook):
        with tempfile.TemporaryDirectory() as folder:
            library = os.path.join(folder, "hook.so")
            source = f"#include <stddef.h>\n__attribute__((visibility(\"hidden\"))) void* (*real)(size_t);\n{HOOKS[hook]}\n"
            subprocess.run(["gcc", "-O2", "-fPIC", "-shared", "-fno-builtin", "-xc", "-", "-o", library], input=source, text=True, check=True)
            return check_fast_path.walk(library, "malloc")

    def test_what_breaks_a_rule_is_refused(self):
        for hook in HOOKS:
            with self.subTest(hook):
                count, wrong = self.problems(hook)
                self.assertEqual(bool(wrong), hook != "forwards", (count, wrong))


if __name__ == "__main__":
    unittest.main()
