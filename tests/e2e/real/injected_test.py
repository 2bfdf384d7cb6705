#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts a leak into a real program and takes it out again. The gate must find it, name it, and say that it is fixed.

    injected_test.py LEAKTRACK

The extensions are compiled here from injected/ and programs/, as their users would compile them. Each program runs three
times without the leak and three times with it. Redis' counts are sampled, the others' are exact.
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402
from python_extension import PYTHON as INTERPRETER  # noqa: E402
from python_extension import build_extension  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))

REDIS = """set -e
redis-server --port 0 --unixsocket {0}/s --save '' --dir {0} --loadmodule {1}/redis_module.so >{0}/log & server=$!
export LD_PRELOAD=
until redis-cli -s {0}/s ping >/dev/null 2>&1; do kill -0 $server; sleep .05; done
i=0; while [ $i -lt 4000 ]; do echo "notes.add note-$i"; i=$((i + 1)); done | redis-cli -s {0}/s >/dev/null
redis-cli -s {0}/s shutdown nosave || true
wait $server
"""
SQL = "SELECT load_extension('{0}/sqlite_extension'); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 500) SELECT sum(digest(i)) FROM n;"
PYTHON = "import sys; sys.path.insert(0, '{0}'); import leaky_extension\nfor i in range(500): leaky_extension.parse('{1} some words')"


def commands(folder, scratch, leak):
    return {"redis module": ("CopyOfNote", "16KiB", ["sh", "-c", REDIS.format(scratch, folder)]),
            "sqlite extension": ("NewDigest", "exact", ["sqlite3", ":memory:", SQL.format(folder)]),
            "python C extension": ("CopyOfInput", "exact", [INTERPRETER, "-c", PYTHON.format(folder, '#' if leak else '')])}


def build(folder):
    os.mkdir(folder)
    build_extension(folder)
    for name in ("redis_module", "sqlite_extension"):
        subprocess.run(["gcc", "-O2", "-g", "-shared", "-fPIC", os.path.join(HERE, "injected", name + ".c"), "-o",
                        os.path.join(folder, name + ".so")], check=True)


def main():
    leaktrack = os.path.abspath(sys.argv[1])
    t.need("redis-server", "sqlite3", "gcc", INTERPRETER, "/usr/include/sqlite3ext.h")
    with t.tracker(leaktrack) as session:
        folder = os.path.join(session.folder, "extensions")
        build(folder)

        def run(leak):
            for name, (_, interval, command) in commands(folder, session.folder, leak).items():
                place = os.path.join(session.folder, name.replace(" ", "-"), "leaks" if leak else "clean")
                environment = {**os.environ, "PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "random", **({"FORGET": "1"} if leak else {})}
                for i in (1, 2, 3):
                    done = subprocess.run([leaktrack, "run", "-o", f"{place}/run-{i}", "--interval", interval, "--", *command],
                                          env=environment, capture_output=True, text=True, check=False, timeout=120)
                    assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"

        def diff(name, old, new):
            place = os.path.join(session.folder, name.replace(" ", "-"))
            done = subprocess.run([leaktrack, "diff", "--at-exit", f"{place}/{old}", f"{place}/{new}"], capture_output=True, text=True,
                                  check=False, timeout=120)
            return done.returncode, done.stdout + done.stderr

        run(leak=False)
        run(leak=True)
        for name, (culprit, _, _) in commands(folder, session.folder, True).items():
            code, text = diff(name, "clean", "leaks")
            assert code == 1 and f"NEW LEAK: {culprit}" in text and text.count("NEW LEAK") == 1, f"{name}: {code} {text}"
            code, text = diff(name, "leaks", "clean")
            assert code == 0 and f"FIXED: {culprit}" in text, f"{name}: {code} {text}"
            code, text = diff(name, "leaks", "leaks")
            assert code == 0, f"{name}: {code} {text}"
            print(f"{name}: found, named and fixed")


if __name__ == "__main__":
    main()
