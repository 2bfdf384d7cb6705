# SPDX-License-Identifier: Apache-2.0
"""A leak gate for tests of C extensions under pytest: copy it beside your conftest.py.

    from leak_gate import assert_keeps_nothing

    def test_parse_frees_its_buffer():
        assert_keeps_nothing("import extension", "extension.parse('some words')")

The statement is run 200 and 400 times in fresh interpreters, three times each, every block recorded; a call site that keeps more after twice as
many calls leaks, and the failure names it. What start-up and caches keep is the same in both, and does not count.
Needs leaktrack on the PATH, or LEAKTRACK in the environment.
"""
import os
import subprocess
import sys
import tempfile


def assert_keeps_nothing(setup, statement, loops=200):
    """Raises AssertionError with the leaking call sites; `setup` and `statement` are lines of Python."""
    leaktrack = os.environ.get("LEAKTRACK", "leaktrack")
    # Without Python's own pools and with one seed, two runs differ by the loops alone.
    environment = {**os.environ, "PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}
    with tempfile.TemporaryDirectory() as place:
        for name, count in (("once", loops), ("twice", 2 * loops)):
            script = f"{setup}\nfor _ in range({count}):\n    {statement}\n"
            for run in ("run-1", "run-2", "run-3"):
                done = subprocess.run([leaktrack, "run", "--exact", "-o", os.path.join(place, name, run), "--", sys.executable, "-c",
                                       script], env=environment, capture_output=True, text=True, check=False)
                assert done.returncode == 0, done.stderr
        # A site must keep at least a byte more for each loop more; a block here and there is noise.
        done = subprocess.run([leaktrack, "diff", "--at-exit", "--min-bytes", str(loops), os.path.join(place, "once"),
                               os.path.join(place, "twice")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
