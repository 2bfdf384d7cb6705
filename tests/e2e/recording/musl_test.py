#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs of musl are tracked by the same library as those of glibc.

    musl_test.py LEAKTRACK LIBLEAKTRACK

`musl/every_hook.c` calls every function that the library interposes, also in children, exec'ed programs and threads.
`musl/leaks.c` has its truth in its source.
"""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from tracker import need, tracker  # noqa: E402

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "musl")
FLAGS = ["-O1", "-g", "-fno-builtin", "-Wno-deprecated-declarations", "-Wl,--eh-frame-hdr"]
THREADS, BLOCKS, BYTES = 4, 250, 96
KEPT = ("ByMalloc", "ByCalloc", "ByRealloc", "ByAlignedAlloc", "ByMemalign", "ByPosixMemalign")


def compiled(folder, source, *more):
    need("musl-gcc")
    program = os.path.join(folder, os.path.splitext(source)[0])
    subprocess.run(["musl-gcc", *FLAGS, os.path.join(SOURCES, source), "-o", program, *more], check=True, timeout=60)
    return program


def kept(report):
    """{function: (live blocks, live bytes)} of what is at the leaf, or was freed there."""
    found = {}
    for site in report["sites"]:
        for frame in site["stack"]:
            if frame["function"] in KEPT + ("Freed",):
                blocks, size = found.get(frame["function"], (0, 0))
                found[frame["function"]] = blocks + round(site["live_objects"]), size + round(site["live_bytes"])
                break
    return found


class MuslTest(unittest.TestCase):
    leaktrack = library = None

    def run_with(self, program, folder, **variables):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LEAKTRACK_")}
        environment.update(variables, LEAKTRACK_OUT=folder)
        done = subprocess.run([program], env=environment, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_every_hook_does_as_without_us(self):
        with tracker(self.leaktrack) as t:
            operators = compiled(t.folder, "operators.c", "-shared", "-fPIC")
            program = compiled(t.folder, "every_hook.c", "-Wl,--no-as-needed", operators)
            plain = self.run_with(program, t.folder)
            self.assertEqual(plain[0], 3, plain)
            self.assertNotIn("broken", plain[1])
            self.assertIn("own operators: 2000 calls", plain[1])
            for interval in "auto", "exact":
                tracked = self.run_with(program, t.folder, LD_PRELOAD=self.library, LEAKTRACK_INTERVAL=interval)
                self.assertEqual(tracked, plain)
            for capture in t.captures():
                t.report(capture)

    def test_each_block_is_counted_once_and_root_can_be_given_up(self):
        with tracker(self.leaktrack) as t:
            os.chmod(t.folder, 0o777)
            program = compiled(t.folder, "leaks.c")
            self.assertEqual(self.run_with(program, t.folder, LD_PRELOAD=self.library, LEAKTRACK_INTERVAL="exact"), (0, "done\n", ""))
            reports = [t.report(capture) for capture in t.captures()]
            self.assertEqual(len(reports), 2)
            parent, child = sorted(reports, key=lambda report: report["process"]["pid"])
            for report, rounds in ((parent, THREADS), (child, 2)):
                blocks = rounds * BLOCKS
                self.assertEqual(kept(report), {**{name: (blocks, blocks * BYTES) for name in KEPT}, "Freed": (0, 0)})
                self.assertEqual(report["coverage"]["truncated_stacks"], 0)

    def test_of_two_copies_one_tracks(self):
        with tracker(self.leaktrack) as t:
            program = compiled(t.folder, "leaks.c")
            second = os.path.join(t.folder, "libsecond.so")
            with open(self.library, "rb") as source, open(second, "wb") as copy:
                copy.write(source.read())
            environment = {**os.environ, "LD_PRELOAD": f"{self.library}:{second}", "LEAKTRACK_OUT": t.folder, "LEAKTRACK_CHILDREN": "none"}
            done = subprocess.run([program], env=environment, capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual((done.returncode, done.stdout, len(t.captures())), (0, "done\n", 1), done.stderr)


if __name__ == "__main__":
    MuslTest.leaktrack, MuslTest.library = sys.argv[1], os.path.abspath(sys.argv[2])
    unittest.main(argv=sys.argv[:1], verbosity=2)
