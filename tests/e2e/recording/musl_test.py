#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs of musl start and run under the preload. One line says that they run untracked.

    musl_test.py LEAKTRACK LIBLEAKTRACK

`musl/every_hook.c` calls every function that the library interposes, also in children, exec'ed programs and threads.
"""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from tracker import need, tracker  # noqa: E402

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "musl")
LINE = ("leaktrack: the C library of this program is not glibc (musl?); it goes on untracked. "
        "Track a build for glibc.")
FLAGS = ["-O1", "-g", "-fno-builtin", "-Wno-deprecated-declarations"]


class MuslTest(unittest.TestCase):
    leaktrack = library = None

    def build(self, folder):
        need("musl-gcc")
        operators = os.path.join(folder, "liboperators.so")
        program = os.path.join(folder, "every_hook")
        for command in (["-shared", "-fPIC", os.path.join(SOURCES, "operators.c"), "-o", operators],
                        [os.path.join(SOURCES, "every_hook.c"), "-o", program,
                         "-Wl,--no-as-needed", operators]):
            subprocess.run(["musl-gcc", *FLAGS, *command], check=True, timeout=60)
        return program

    def run_with(self, program, folder, **variables):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LEAKTRACK_")}
        environment.update(variables, LEAKTRACK_OUT=folder)
        done = subprocess.run([program], env=environment, capture_output=True, text=True,
                              timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_every_hook_passes_through_and_one_line_says_so(self):
        with tracker(self.leaktrack) as t:
            program = self.build(t.folder)
            plain = self.run_with(program, t.folder)
            self.assertEqual(plain[0], 3, plain)
            self.assertNotIn("broken", plain[1])
            self.assertIn("own operators: 2000 calls", plain[1])
            for interval in "auto", "exact":
                status, output, errors = self.run_with(program, t.folder, LD_PRELOAD=self.library,
                                                       LEAKTRACK_INTERVAL=interval)
                self.assertEqual((status, output), plain[:2], errors)
                self.assertEqual(set(errors.splitlines()), {LINE})
            self.assertEqual(t.captures(), [])

    def test_of_two_copies_one_speaks(self):
        with tracker(self.leaktrack) as t:
            program = self.build(t.folder)
            second = os.path.join(t.folder, "libsecond.so")
            with open(self.library, "rb") as source, open(second, "wb") as copy:
                copy.write(source.read())
            environment = {**os.environ, "LD_PRELOAD": f"{self.library}:{second}"}
            done = subprocess.run([program, "speak"], env=environment, capture_output=True,
                                  text=True, timeout=60, check=False)
            self.assertEqual((done.returncode, done.stderr.splitlines()), (0, [LINE]))


if __name__ == "__main__":
    MuslTest.leaktrack, MuslTest.library = sys.argv[1], os.path.abspath(sys.argv[2])
    unittest.main(argv=sys.argv[:1], verbosity=2)
