#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one test program under leaktrack and checks what its source expects.

    run_program.py PROGRAM_SOURCE BINARY LEAKTRACK

The grammar of the expectations is in tests/README.md. With LEAKTRACK_KEEP set, a failing case keeps its captures.
"""
import os
import subprocess
import sys

import expectations
from tracker import tracker


def run_case(case, binary, leaktrack):
    """Complaints about one case."""
    environment = {**os.environ, **case.environment}
    with tracker(leaktrack) as t:
        done = t.run([binary, *case.args], case.run_options, env=environment, stdout=subprocess.PIPE,
                     stderr=subprocess.STDOUT, text=True, errors="replace", cwd=t.folder)
        status = done.returncode if done.returncode >= 0 else 128 - done.returncode
        found = [] if status == case.status else [f"exit status {status}, expected {case.status}"]
        found += expectations.judge(case, t.reports())
        if found and done.stdout:
            found.append("the program's own words:\n" + done.stdout[-2000:])
        if found and os.environ.get("LEAKTRACK_KEEP"):
            raise AssertionError("\n".join(found))
    return found


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    source, binary, leaktrack = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        cases = expectations.parse(file.read())
    failed = False
    for case in cases:
        try:
            found = run_case(case, os.path.abspath(binary), leaktrack)
        except AssertionError as failure:
            found = [str(failure)]
        label = os.path.basename(source) + (f" [{case.name}]" if case.name else "")
        print(f"{'FAIL' if found else 'ok  '} {label}")
        for complaint in found:
            print("     " + complaint)
        failed = failed or bool(found)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
